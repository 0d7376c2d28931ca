"""Zhaopin: which member of a search answer fills which column (WIRE 3.2, 3.3).

Of several paths the first is today's name; ``jobDetailData.position`` stands in where a record lacks the member on
top; names such as ``jobName``, ``company.name``, ``eduLevel.name`` are the nested form of 2019, accepted as a
variant. ``salary`` is a display text in both forms but ``industry`` was a list of codes, so it is not mixed with
``industryName``. ``companyName`` is the registered name.
"""

from __future__ import annotations

from crawler_core.platforms.fields import Field, PageShape

__all__ = ["COMPANY_URL", "JOB_URL", "SEARCH"]

JOB_URL = "https://www.zhaopin.com/jobdetail/{job_id}.htm"
"""Page of a job, WIRE 3.2."""

COMPANY_URL = "https://company.zhaopin.com/{company_id}.htm"
"""Page of a company, WIRE 3.2."""

_BASE = "jobDetailData.position.base"
_DESC = "jobDetailData.position.desc"
_PLACE = "jobDetailData.position.workLocation"
_DATE = "jobDetailData.position.date"

SEARCH = PageShape(
    items=("data.list", "data.results"),
    fields=(
        Field(column="job_id", paths=("number", f"{_BASE}.positionNumber"), required=True, doc="`CC…J…`"),
        Field(column="title", paths=("name", "jobName", f"{_BASE}.positionName"), required=True),
        Field(column="position_id", paths=("jobId", f"{_BASE}.positionId"), doc="the platform's second id"),
        Field(
            column="salary_text", paths=("salary60", f"{_BASE}.salary", "salary"), doc="`1.2-1.8万·13薪`, 2019 `5K-10K`"
        ),
        Field(column="salary_range_text", paths=("salaryReal",), doc="`12000-18000`, CNY a month"),
        Field(column="salary_months_text", paths=("salaryCount",), doc="`13薪` or empty"),
        Field(column="city", paths=("workCity", "city.display")),
        Field(column="city_code", paths=("cityId", f"{_PLACE}.positionCityId")),
        Field(column="district", paths=("cityDistrict",)),
        Field(column="business_area", paths=("streetName", "businessArea")),
        Field(column="address", paths=(f"{_PLACE}.address", f"{_PLACE}.workAddress")),
        Field(column="longitude", paths=(f"{_PLACE}.longitude",), doc="degrees"),
        Field(column="latitude", paths=(f"{_PLACE}.latitude",), doc="degrees"),
        Field(
            column="experience_text",
            paths=("workingExp.name", "workingExp", f"{_BASE}.positionWorkingExp"),
            doc="`3-5年`; an object in 2019",
        ),
        Field(column="degree_text", paths=("education", "eduLevel.name", f"{_BASE}.education")),
        Field(column="skills", paths=("skillLabel[].value", "jobSkillTags[].name"), kind="texts"),
        Field(column="labels", paths=("showSkillTags", f"{_DESC}.labels"), kind="texts"),
        Field(
            column="welfare",
            paths=(
                "welfareTagList",
                "jobKnowledgeWelfareFeatures",
                "welfareLabel[].value",
                f"{_DESC}.welfareLabel[].name",
                "welfare",
            ),
            kind="texts",
        ),
        Field(column="company_id", paths=("companyNumber", "company.number"), doc="`CZ123456780`"),
        Field(column="company_name", paths=("companyName", "company.name"), doc="registered name"),
        Field(column="company_size_text", paths=("companySize", "company.size.name"), doc="`100-299人`"),
        Field(column="company_type_text", paths=("propertyName", "property", "company.type.name"), doc="`民营`"),
        Field(column="company_stage_text", paths=("financingStage.name",), doc="funding"),
        Field(column="industry", paths=("industryName",)),
        Field(column="industry_codes", paths=("industry",), doc="comma list, 2019 form"),
        Field(column="job_category", paths=("subJobTypeLevelName",)),
        Field(column="job_type", paths=("workType", "emplType", f"{_BASE}.workType"), doc="`全职`"),
        Field(column="recruit_count_text", paths=("recruitNumber",), doc="openings"),
        Field(column="description", paths=(f"{_DESC}.description",), doc="full text, HTML as given"),
        Field(column="summary", paths=("jobSummary",), doc="plain text"),
        Field(column="recruiter_title", paths=("jobDetailData.position.staff.hrJob", "staffCard.hrJob"), doc="LIKELY"),
        Field(
            column="published_text",
            paths=("publishTime", f"{_DATE}.positionPublishTime", "createDate"),
            content=False,
            doc="UTC+8",
        ),
        Field(
            column="updated_text",
            paths=(f"{_DATE}.positionUpdateTime", "updateDate", "jobPostingTime"),
            content=False,
            doc="UTC+8, or epoch milliseconds",
        ),
        Field(
            column="first_published_text",
            paths=("firstPublishTime", f"{_DATE}.firstPublishTime"),
            content=False,
            doc="UTC+8",
        ),
        Field(column="url", paths=("positionURL", "positionUrl", f"{_BASE}.positionUrl"), content=False),
        Field(column="company_url", paths=("companyUrl", "company.url"), content=False),
    ),
)
"""Records of a search page."""
