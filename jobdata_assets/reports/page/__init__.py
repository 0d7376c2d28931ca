"""The report on the job market: questions (``queries``), what they answer (``model``), and how it is shown."""
