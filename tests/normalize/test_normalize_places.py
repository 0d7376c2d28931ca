"""Places named alike on all platforms."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler_core.normalize import Reason
from crawler_core.normalize.place import district_key, join_place, normalise_place
from crawler_core.normalize.place_names import CITIES, MUNICIPALITIES


@pytest.mark.parametrize(
    ("text", "province", "city", "district", "area"),
    [
        ("长沙·岳麓区", "湖南", "长沙", "岳麓区", ""),
        ("上海-虹口区", "上海", "上海", "虹口区", ""),
        ("浙江省宁波", "浙江", "宁波", "", ""),
        ("长沙 岳麓区", "湖南", "长沙", "岳麓区", ""),
        ("长沙市岳麓区", "湖南", "长沙", "岳麓区", ""),
        ("湖南省长沙市", "湖南", "长沙", "", ""),
        ("湖南省 长沙 岳麓区", "湖南", "长沙", "岳麓区", ""),
        ("北京北京海淀区中关村", "北京", "北京", "海淀区", "中关村"),
        ("深圳深圳宝安区宝安", "广东", "深圳", "宝安区", "宝安"),
        ("湖北省武汉洪山区光谷软件园", "湖北", "武汉", "洪山区", "光谷软件园"),
        ("四川省成都红星路", "四川", "成都", "", "红星路"),
        ("湖南省长沙长沙县星沙开发区", "湖南", "长沙", "长沙县", "星沙开发区"),
        ("长沙县", "湖南", "长沙", "长沙县", ""),
        ("青岛市北区", "山东", "青岛", "市北区", ""),
        ("青岛-市北区（新行政区）", "山东", "青岛", "市北区", ""),
        ("济南市市中区", "山东", "济南", "市中区", ""),
        ("乌鲁木齐-新市区", "新疆", "乌鲁木齐", "新市区", ""),
        ("昆山", "江苏", "苏州", "昆山", ""),
        ("苏州昆山市", "江苏", "苏州", "昆山市", ""),
        ("昆山市花桥", "江苏", "苏州", "昆山", "花桥"),
        ("东莞松山湖", "广东", "东莞", "", "松山湖"),
        ("东莞·松山湖·大朗", "广东", "东莞", "松山湖", "大朗"),
        ("广东省东莞长安镇", "广东", "东莞", "长安镇", ""),
        ("广东省中山东区", "广东", "中山", "东区", ""),
        ("吉林省吉林", "吉林", "吉林", "", ""),
        ("吉林市", "吉林", "吉林", "", ""),
        ("朝阳", "辽宁", "朝阳", "", ""),
        ("北京-朝阳区", "北京", "北京", "朝阳区", ""),
        ("恩施土家族苗族自治州", "湖北", "恩施", "", ""),
        ("内蒙古自治区呼和浩特市", "内蒙古", "呼和浩特", "", ""),
        ("广东省", "广东", "", "", ""),
        ("江西省江西省", "江西", "", "", ""),
        ("重庆-酉阳土家族苗族自治县", "重庆", "重庆", "酉阳土家族苗族自治县", ""),
    ],
)
def test_place(text: str, province: str, city: str, district: str, area: str) -> None:
    read = normalise_place(text)
    assert (read.province, read.city, read.district, read.area, read.reason) == (province, city, district, area, None)
    assert read.scope == ("city" if city else "province")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, Reason.EMPTY),
        ("异地招聘", Reason.NOT_A_PLACE),
        ("远程", Reason.NOT_A_PLACE),
        ("不限", Reason.UNSTATED),
        ("吉林", Reason.AMBIGUOUS),
        ("北京/上海", Reason.AMBIGUOUS),
        ("北京,上海", Reason.AMBIGUOUS),
        ("广省惠州惠城区", Reason.NOT_UNDERSTOOD),
        ("area", Reason.NOT_UNDERSTOOD),
        ("岳麓区", Reason.NOT_UNDERSTOOD),
        ("1-1.5万", Reason.MISPLACED_SALARY),
        ("长\ufffd", Reason.DAMAGED),
    ],
)
def test_place_refused(text: str | None, reason: Reason) -> None:
    read = normalise_place(text)
    assert (read.reason, read.city) == (reason, "")


def test_whole_country_is_a_scope() -> None:
    assert (normalise_place("全国").scope, normalise_place("全国").city) == ("nationwide", "")


@pytest.mark.parametrize(
    ("names", "key"),
    [
        (("岳麓区", "岳麓"), "岳麓"),
        (("浦东新区", "浦东"), "浦东"),
        (("高新区", "高新技术产业开发区", "高新技术开发区"), "高新"),
        (("经开区", "经济技术开发区"), "经开"),
        (("管城回族区", "管城区"), "管城"),
        (("长沙县",), "长沙县"),
        (("东区",), "东区"),
        (("昆山市", "昆山"), "昆山"),
    ],
)
def test_district_names_meet(names: tuple[str, ...], key: str) -> None:
    assert {district_key(name, "长沙") for name in names} == {key}


def test_fields_of_their_own_are_joined() -> None:
    read = normalise_place(join_place("长沙", "岳麓", "麓谷"))
    assert (read.city, read.district_key, read.area) == ("长沙", "岳麓", "麓谷")
    assert join_place("长沙", "", " ") == "长沙"


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(sorted(set(CITIES) - {"吉林"})),
    st.sampled_from(("", "岳麓区", "浦东新区", "昌平区", "安吉县", "高新区")),
    st.sampled_from(("·", "-", " ", "－", "・", "")),
    st.sampled_from(("", "市")),
    st.booleans(),
)
def test_every_way_to_write_a_place_is_the_same_place(
    city: str, district: str, separator: str, ending: str, with_province: bool
) -> None:
    province = CITIES[city]
    long = "" if city in MUNICIPALITIES or not with_province else province
    long += "省" if long and long not in ("内蒙古", "广西", "西藏", "宁夏", "新疆") else ""
    if city in ("香港", "澳门") or (city.endswith(("区", "盟", "州")) and len(city) > 2):
        ending = ""
    read = normalise_place(f"{long}{city}{ending}{separator if district else ''}{district}")
    assert (read.province, read.city, read.district) == (province, city, district)
