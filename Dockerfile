# One process of the app, without root and with nothing to write but its volumes: see compose.yaml.
FROM python:3.13-slim

# An index with torch's CPU wheels makes the image some 4 GB smaller: docker compose build --build-arg PIP_EXTRA_INDEX_URL=...
ARG PIP_EXTRA_INDEX_URL=""
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp

WORKDIR /app
COPY requirements.txt ./
RUN python -m pip install -r requirements.txt
COPY . ./
RUN python -m compileall -q models training pages && mkdir -p runs data && chown 10001:10001 runs data

USER 10001:10001
VOLUME ["/app/runs", "/app/data"]
EXPOSE 8501
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["python", "-m", "streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.port", "8501", "--server.headless", "true"]
