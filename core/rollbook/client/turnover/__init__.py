"""The year turns over (D14): what becomes of each student and class, told first, then done as one run."""
