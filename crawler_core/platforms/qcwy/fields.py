"""51job: which member of a search answer fills which column (WIRE 2.4).

Of several paths the first is today's name; names with an underscore or in lower case (``job_name``, ``jobid``,
``engine_jds``) are the form of 2022, accepted as a variant. In that form experience and degree are only among the
labels and in codes.
"""

from __future__ import annotations

from crawler_core.platforms.fields import Field, PageShape

__all__ = ["COMPANY_URL", "SEARCH"]

COMPANY_URL = "https://jobs.51job.com/all/co{company_key}.html"
"""Page of a company, WIRE 2.4."""

_AREA = "jobAreaLevelDetail"

SEARCH = PageShape(
    items=("resultbody.job.items", "engine_jds"),
    fields=(
        Field(column="job_id", paths=("jobId", "jobid"), required=True, doc="digits"),
        Field(column="title", paths=("jobName", "job_name", "job_title"), required=True),
        Field(column="salary_text", paths=("provideSalaryString", "providesalary_text"), doc="`1.2-1.8万·13薪`"),
        Field(column="salary_min_text", paths=("jobSalaryMin",), doc="CNY a month"),
        Field(column="salary_max_text", paths=("jobSalaryMax",), doc="CNY a month"),
        Field(
            column="city",
            paths=(f"{_AREA}.cityString", "jobAreaString", "workarea_text"),
            doc="where only the area text is given, that text: `长沙·岳麓区`, in 2022 `上海-虹口区`",
        ),
        Field(column="district", paths=(f"{_AREA}.districtString",)),
        Field(column="business_area", paths=(f"{_AREA}.landMarkString", "landmarkString")),
        Field(column="province", paths=(f"{_AREA}.provinceString",)),
        Field(column="area_text", paths=("jobAreaString", "workarea_text"), doc="area as shown"),
        Field(column="area_code", paths=("workAreaCode", "jobAreaCode", "workarea"), doc="six digits"),
        Field(column="experience_text", paths=("workYearString",), doc="`3年及以上`"),
        Field(column="experience_code", paths=("workYear", "workyear")),
        Field(column="degree_text", paths=("degreeString",), doc="may be empty"),
        Field(column="degree_code", paths=("degreefrom",), doc="2022 form"),
        Field(
            column="labels",
            paths=("jobTags", "jobTagsForOrder", "jobTagsList[].jobTagName", "attribute_text"),
            kind="texts",
            doc="experience, degree, skills and welfare mixed; in 2022 area, experience, degree",
        ),
        Field(column="welfare", paths=("jobWelfareCodeDataList[].chineseTitle", "jobwelf_list"), kind="texts"),
        Field(column="company_id", paths=("coId", "coid"), doc="digits"),
        Field(column="company_key", paths=("encCoId",), doc="the company call asks by it"),
        Field(column="company_name", paths=("companyName", "company_name"), doc="short name; in 2022 the full one"),
        Field(column="company_full_name", paths=("fullCompanyName", "company_name"), doc="registered name"),
        Field(
            column="company_size_text", paths=("companySizeString", "companysize_text"), doc="`150-500人`, may be empty"
        ),
        Field(column="company_type_text", paths=("companyTypeString", "companytype_text"), doc="`民营`, `民营公司`"),
        Field(column="industry", paths=("companyIndustryType1Str", "industryType1Str", "companyind_text")),
        Field(column="industry_second", paths=("companyIndustryType2Str", "industryType2Str")),
        Field(column="job_category_code", paths=("funcType1Code",), doc="function code (LIKELY)"),
        Field(column="major_text", paths=("major1Str",)),
        Field(column="recruit_count_text", paths=("jobNumString",), doc="openings (LIKELY)"),
        Field(column="description", paths=("jobDescribe",), doc="full text with line breaks"),
        Field(column="longitude", paths=("lon",), doc="degrees"),
        Field(column="latitude", paths=("lat",), doc="degrees"),
        Field(column="recruiter_title", paths=("hrPosition",)),
        Field(column="job_type", paths=("termStr",), doc="`全职`"),
        Field(column="job_type_code", paths=("jobType",)),
        Field(column="is_intern", paths=("isIntern",), kind="bool"),
        Field(column="is_remote", paths=("isRemoteWork",), kind="bool"),
        Field(column="is_expired", paths=("isExpire",), kind="bool", content=False),
        Field(column="published_text", paths=("issueDateString", "issuedate"), content=False, doc="UTC+8"),
        Field(column="updated_text", paths=("updateDateTime", "updatedate"), content=False, doc="UTC+8; 2022 `MM-DD`"),
        Field(column="url", paths=("jobHref", "job_href"), content=False, doc="may carry a tracking query, no scheme"),
        Field(column="company_url", paths=("companyHref", "company_href"), content=False),
    ),
)
"""Records of a search page."""
