# Tocsin as an image: `docker build -t tocsin .`, then `docker run --env-file .env -p 8080:8080 tocsin`.
# docker-compose.yml runs it with PostgreSQL, migrations and workers of its own.
# Base and packages are pinned by what they hold, not by a name alone. How to renew both: docs/operations.md.

ARG PYTHON_IMAGE=python:3.11-slim-bookworm@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b
FROM ${PYTHON_IMAGE} AS build
WORKDIR /app
RUN python -m venv --without-pip /opt/venv
COPY docker/requirements.txt docker/
# The dependencies are a layer of their own, which a change of the code leaves alone. pip takes only files with these hashes.
# The embedded PostgreSQL is not among them: the database is a service of its own.
RUN pip --python /opt/venv/bin/python install --no-cache-dir --no-deps --require-hashes --requirement docker/requirements.txt
COPY pyproject.toml README.md LICENSE ./
# The install is editable: the code finds knowledge/ and migrations/ beside itself.
RUN mkdir bot && touch bot/__init__.py \
    && pip --python /opt/venv/bin/python install --no-cache-dir --no-deps --no-build-isolation --editable .

FROM ${PYTHON_IMAGE}
# The rules of time zones, for business hours and hand-overs.
RUN apt-get update && apt-get install -y --no-install-recommends tzdata && rm -rf /var/lib/apt/lists/* \
    && useradd --system --user-group --uid 10001 --home-dir /data tocsin \
    && install --directory --owner tocsin --group tocsin /data
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY slack-manifest.yaml LICENSE NOTICE ./
COPY bot bot
COPY migrations migrations
COPY knowledge knowledge
RUN /opt/venv/bin/python -m compileall -q bot
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TOCSIN_DATA=/data \
    TOCSIN_WEB_HOST=0.0.0.0 \
    TOCSIN_WEB_PORT=8080 \
    TOCSIN_LOG_JSON=true
USER 10001
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"TOCSIN_WEB_PORT\"]}/healthz', timeout=4)"]
ENTRYPOINT ["tocsin"]
CMD ["run"]
