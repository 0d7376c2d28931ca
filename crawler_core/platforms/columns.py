"""What each column of a record table means, in a sentence: columns of one name mean the same on every platform.

The field tables add what is special about a platform. Every column must be here; a test holds the tables to that.
"""

from __future__ import annotations

from crawler_core.platforms.fields import Field

__all__ = ["MEANINGS", "describe"]

MEANINGS: dict[str, str] = {
    "job_id": "The platform's id of the job",
    "position_id": "A second id of the job",
    "title": "Job title as published",
    "job_category": "Job category of the platform, in words",
    "job_category_code": "Job category of the platform, as its code",
    "salary_text": "Salary as published",
    "salary_range_text": "Salary as a plain number range",
    "salary_low_text": "Lower end of the salary, as given",
    "salary_high_text": "Upper end of the salary, as given",
    "salary_min_text": "Lower end of the salary, as given",
    "salary_max_text": "Upper end of the salary, as given",
    "salary_months_text": "How many monthly salaries a year, as given",
    "province": "Province of the workplace",
    "city": "City of the workplace, by name",
    "city_code": "City of the workplace, as the platform's code",
    "district": "District of the workplace",
    "business_area": "Business area (商圈) of the workplace",
    "area_text": "Area of the workplace in one text",
    "area_code": "Area of the workplace, as the platform's code",
    "address": "Address of the workplace",
    "longitude": "Longitude of the workplace",
    "latitude": "Latitude of the workplace",
    "experience_text": "Experience asked for, as published",
    "experience_code": "Experience asked for, as the platform's code",
    "degree_text": "Degree asked for, as published",
    "degree_code": "Degree asked for, as the platform's code",
    "major_text": "Field of study asked for",
    "skills": "Skill tags",
    "labels": "All tags shown with the job",
    "welfare": "Benefits",
    "description": "Description of the job",
    "summary": "Short description of the job",
    "recruit_count_text": "How many people are wanted, as published",
    "graduate_year_text": "Graduation year asked for, as published",
    "job_type": "Kind of employment",
    "job_type_code": "Kind of employment, as the platform's code",
    "days_per_week_text": "Working days a week, as published",
    "least_months_text": "Shortest time of an internship, as published",
    "is_intern": "An internship",
    "is_remote": "May be done from anywhere",
    "is_agency": "Published by an agency",
    "is_expired": "The platform calls the posting expired",
    "is_deleted": "The platform calls the posting deleted",
    "job_status": "State of the posting, as the platform's code",
    "recruiter_title": "Job title of the recruiter",
    "published_text": "When it was published, as given",
    "first_published_text": "When it was first published, as given",
    "updated_text": "When it was last refreshed, as given",
    "url": "Page of the job",
    "company_id": "The platform's id of the company",
    "company_key": "The company's id in URLs",
    "company_name": "Name of the company as shown",
    "company_full_name": "Registered name of the company",
    "company_type_text": "Type of the company, as published",
    "company_size_text": "Size of the company, as published",
    "company_stage_text": "Funding stage of the company, as published",
    "company_introduction": "How the company introduces itself",
    "company_legal_person": "Legal representative of the company",
    "company_founded_text": "Day of registration of the company, as given",
    "company_capital_text": "Registered capital of the company, as given",
    "company_address": "Address of the company",
    "company_business_scope": "Registered business scope of the company",
    "company_status": "Registry status of the company",
    "company_url": "Page of the company",
    "industry": "Industry of the company",
    "industry_second": "Second industry of the company",
    "industry_codes": "Industries of the company, as the platform's codes",
}


def describe(field: Field) -> str:
    """The description of a column: its meaning, what is special here, and the members it is read from.

    Raises:
        KeyError: the column has no entry in ``MEANINGS``.
    """
    special = f": {field.doc}" if field.doc else ""
    return f"{MEANINGS[field.column]}{special}. From {' or '.join(f'`{path}`' for path in field.paths)}."
