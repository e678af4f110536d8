# The app for one server: `docker compose up`, see docs/deploying.md.
# It runs as nobody in particular on a read-only root; the volume /data is all that it writes to.

# Linux only, of the Pythons that tools/setup.sh takes. To raise it: the patch, and the digest of all
# architectures together that `docker buildx imagetools inspect` tells.
ARG PYTHON=python:3.11.14-slim-bookworm@sha256:65a93d69fa75478d554f4ad27c85c1e69fa184956261b4301ebaf6dbb0a3543d

FROM ${PYTHON} AS packages
# All but training, in 0.8 GB instead of 3; `--build-arg LOCK=requirements.lock` brings TensorFlow.
ARG LOCK=requirements-light.lock
WORKDIR /build
COPY ${LOCK} .
# Locked with hashes, wheels only: nothing is resolved and nothing compiled. TensorFlow's C++
# headers are for building extensions and take 430 MB. Some packages carry files that no Python
# compiles, which nothing imports.
RUN python -m venv --without-pip /opt/venv \
    && python -m pip --python /opt/venv/bin/python install --no-cache-dir --no-compile \
        --disable-pip-version-check --root-user-action ignore \
        --require-hashes --no-deps --only-binary :all: -r ${LOCK} \
    && rm -rf /opt/venv/lib/python3*/site-packages/tensorflow/include \
    && { python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib || true; }

FROM ${PYTHON}
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    RECOGNIZER_HOME=/data \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_PORT=8501 \
    STREAMLIT_SERVER_HEADLESS=true
RUN groupadd --gid 10001 recognizer \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin recognizer \
    && install -d -m 0700 -o 10001 -g 10001 /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
# what changes least goes first
COPY LICENSE requirements.txt requirements.lock requirements-light.lock ./
COPY models models
COPY .streamlit/config.toml .streamlit/config.toml
COPY recognizer recognizer
COPY pages pages
COPY serving serving
COPY app.py serve.py ./
USER 10001:10001
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
CMD ["python", "-m", "streamlit", "run", "serve.py"]
