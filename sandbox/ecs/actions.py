"""The table of actions this API knows.

What belongs here: names. What does not: what they do.
"""

from __future__ import annotations

from typing import Final

from sandbox.ecs import assist, birth, life, market
from sandbox.ecs.api import Action

ACTIONS: Final[dict[str, Action]] = {
    "RunInstances": birth.run_instances,
    "DescribeInstances": life.describe_instances,
    "DescribeInstanceStatus": life.describe_instance_status,
    "StartInstance": life.start_instance,
    "StartInstances": life.start_instances,
    "StopInstance": life.stop_instance,
    "StopInstances": life.stop_instances,
    "RebootInstance": life.reboot_instance,
    "DeleteInstance": life.delete_instance,
    "DeleteInstances": life.delete_instances,
    "ModifyInstanceAutoReleaseTime": life.modify_auto_release,
    "TagResources": life.tag_resources,
    "UntagResources": life.untag_resources,
    "ListTagResources": life.list_tag_resources,
    "RunCommand": assist.run_command,
    "DescribeInvocations": assist.describe_invocations,
    "DescribeInvocationResults": assist.describe_invocation_results,
    "StopInvocation": assist.stop_invocation,
    "DescribeCloudAssistantStatus": assist.assistant_status,
    "DescribeRegions": market.describe_regions,
    "DescribeZones": market.describe_zones,
    "DescribeAvailableResource": market.available_resource,
    "DescribeSpotPriceHistory": market.spot_price_history,
    "DescribePrice": market.describe_price,
}
