"""Where several workers add up their counts. The library reads the name when it is first imported."""

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
