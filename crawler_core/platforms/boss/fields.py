"""Boss Zhipin: which member of a search or detail answer fills which column (WIRE 1.1, 1.3, 1.6).

The web list (``jobList``, ``areaDistrict``, ``brandScaleName``) fills the same columns as the mini-program list.
Session values (``securityId``, ``lid``) are not columns: they differ in every answer, and ``detail.detail_refs``
reads them from the landed body. The list has no posting date and no URL; a URL follows from the id (``JOB_URL``).
"""

from __future__ import annotations

from crawler_core.platforms.fields import Field, PageShape

__all__ = ["BATCH_DETAIL", "COMPANY_URL", "DETAIL_PATH", "JOB_DETAIL", "JOB_URL", "SEARCH"]

JOB_URL = "https://www.zhipin.com/job_detail/{job_id}.html"
"""Page of a job, WIRE 1.6."""

COMPANY_URL = "https://www.zhipin.com/gongsi/{company_id}.html"
"""Page of a company, WIRE 1.6."""

DETAIL_PATH = "/wapi/zpgeek/miniapp/job/detail.json"
"""The job detail call, and its key inside a batch answer (WIRE 1.2, 1.3)."""

BATCH_DETAIL = f'zpData."{DETAIL_PATH}"'
"""Where a batch answer keeps the inner envelope of the detail call."""

SEARCH = PageShape(
    items=("zpData.list", "zpData.jobList"),
    fields=(
        Field(column="job_id", paths=("encryptJobId", "encryptId"), required=True),
        Field(column="title", paths=("jobName",), required=True),
        Field(column="salary_text", paths=("salaryDesc",), doc="`15-25K·14薪`"),
        Field(column="city", paths=("cityName",)),
        Field(column="district", paths=("districtName", "areaDistrict"), doc="mini-program, web name"),
        Field(column="business_area", paths=("businessName", "businessDistrict"), doc="mini-program, web name"),
        Field(column="experience_text", paths=("jobExperience",), doc="`3-5年`"),
        Field(column="degree_text", paths=("jobDegree",)),
        Field(column="skills", paths=("skills",), kind="texts"),
        Field(column="labels", paths=("jobLabels",), kind="texts", doc="experience, degree, skill tags"),
        Field(column="welfare", paths=("welfareList", "welfares"), kind="texts", doc="web list"),
        Field(column="company_id", paths=("encryptBrandId",), doc="web list; UNKNOWN in the mini-program list"),
        Field(column="company_name", paths=("brandName",), doc="short name, cut with `...` when long"),
        Field(column="company_full_name", paths=("comName",), doc="registered name; UNKNOWN in lists"),
        Field(column="company_size_text", paths=("brandScale", "brandScaleName"), doc="`100-499人`"),
        Field(column="company_stage_text", paths=("brandStageName", "brandStage"), doc="funding, may be empty"),
        Field(column="industry", paths=("brandIndustry",)),
        Field(column="description", paths=("performance",), doc="short summary; the full text is in the detail"),
        Field(column="recruiter_title", paths=("bossTitle",)),
        Field(column="job_type", paths=("jobType",), doc="code; 0 usual, 4 internship (UNKNOWN)"),
        Field(column="days_per_week_text", paths=("daysPerWeekDesc",), doc="internships: `5天/周`"),
        Field(column="least_months_text", paths=("leastMonthDesc",), doc="internships: `3个月`"),
        Field(column="longitude", paths=("gps.longitude",), doc="degrees, web list"),
        Field(column="latitude", paths=("gps.latitude",), doc="degrees, web list"),
        Field(column="is_agency", paths=("proxyJob",), kind="bool", doc="posted by an agency for another company"),
        Field(column="job_status", paths=("jobValidStatus",), content=False, doc="1 = open (LIKELY)"),
    ),
)
"""Records of a search page."""

_JOB = "jobBaseInfoVO"
_COMPANY = "brandComInfoVO"

JOB_DETAIL = PageShape(
    items=(f"{BATCH_DETAIL}.zpData", "zpData"),
    single=True,
    fields=(
        Field(column="job_id", paths=(f"{_JOB}.encryptJobId", f"{_JOB}.jobId"), required=True, doc="as in the search"),
        Field(column="title", paths=(f"{_JOB}.positionName",), required=True),
        Field(column="job_category", paths=(f"{_JOB}.positionCategory",)),
        Field(column="salary_text", paths=(f"{_JOB}.salaryDesc",)),
        Field(column="salary_low_text", paths=(f"{_JOB}.lowSalary",), doc="thousand CNY a month"),
        Field(column="salary_high_text", paths=(f"{_JOB}.highSalary",), doc="thousand CNY a month"),
        Field(column="salary_months_text", paths=(f"{_JOB}.salaryMonth",), doc="monthly salaries a year, 0 = 12"),
        Field(column="city", paths=(f"{_JOB}.locationName",)),
        Field(column="district", paths=(f"{_JOB}.areaDistrict",)),
        Field(column="business_area", paths=(f"{_JOB}.businessDistrict",)),
        Field(column="address", paths=(f"{_JOB}.address",)),
        Field(column="longitude", paths=(f"{_JOB}.longitude",), doc="degrees"),
        Field(column="latitude", paths=(f"{_JOB}.latitude",), doc="degrees"),
        Field(column="experience_text", paths=(f"{_JOB}.experienceName",)),
        Field(column="degree_text", paths=(f"{_JOB}.degreeName",)),
        Field(column="skills", paths=(f"{_JOB}.requiredSkills", f"{_JOB}.jobSkills"), kind="texts"),
        Field(column="welfare", paths=(f"{_COMPANY}.brandWelfares",), kind="texts"),
        Field(column="description", paths=(f"{_JOB}.jobDesc",), doc="full text with line breaks"),
        Field(column="summary", paths=(f"{_JOB}.performance",)),
        Field(column="job_type", paths=(f"{_JOB}.jobType",), doc="code, as in the search"),
        Field(column="days_per_week_text", paths=(f"{_JOB}.daysPerWeekDesc",), doc="internships"),
        Field(column="least_months_text", paths=(f"{_JOB}.leastMonthDesc",), doc="internships"),
        Field(column="recruit_count_text", paths=(f"{_JOB}.recruitNumDesc",)),
        Field(column="graduate_year_text", paths=(f"{_JOB}.graduateYearDesc",), doc="campus jobs"),
        Field(column="is_agency", paths=(f"{_JOB}.proxyJob",), kind="bool"),
        Field(column="recruiter_title", paths=("bossBaseInfoVO.title",)),
        Field(column="company_id", paths=(f"{_COMPANY}.encryptBrandId",)),
        Field(column="company_name", paths=(f"{_COMPANY}.brandName", "bossBaseInfoVO.brandName"), doc="short name"),
        Field(column="company_full_name", paths=(f"{_COMPANY}.comName",), doc="registered name"),
        Field(column="company_size_text", paths=(f"{_COMPANY}.scaleName",)),
        Field(column="company_stage_text", paths=(f"{_COMPANY}.stageName",)),
        Field(column="industry", paths=(f"{_COMPANY}.industryName",)),
        Field(column="company_introduction", paths=(f"{_COMPANY}.introduce", f"{_COMPANY}.brandIntroduce")),
        Field(column="company_legal_person", paths=(f"{_COMPANY}.legalPerson",), doc="public registry data"),
        Field(column="company_founded_text", paths=(f"{_COMPANY}.startDate",), doc="`YYYY-MM-DD`"),
        Field(column="company_capital_text", paths=(f"{_COMPANY}.regCapital",), doc="`100万人民币`"),
        Field(column="company_address", paths=(f"{_COMPANY}.regAddress",), doc="registered address"),
        Field(column="company_business_scope", paths=(f"{_COMPANY}.businessScope",)),
        Field(column="company_status", paths=(f"{_COMPANY}.statusDesc",), doc="`存续`"),
        Field(column="job_status", paths=(f"{_JOB}.jobValidStatus",), content=False, doc="1 = open"),
        Field(column="is_deleted", paths=(f"{_JOB}.deleted",), kind="bool", content=False),
    ),
)
"""A job detail, from the plain call or from inside a batch answer."""
