# The package, its workflow and all that they need, on a CPU. See docs/elsewhere.md.
FROM python:3.11-slim
COPY . /source
RUN pip install --no-cache-dir --index-url https://download.pytorch.org/whl/cpu torch==2.13.0 \
 && pip install --no-cache-dir --requirement /source/requirements.lock \
 && pip install --no-cache-dir --no-deps /source \
 && rm -rf /source
WORKDIR /study
# Snakemake keeps copies of its files in the home's cache, which another user than root could not write to.
ENV XDG_CACHE_HOME=/tmp/cache
CMD ["snakemake", "--cores", "all"]
