/** Conda packages whose name on PyPI is another. */
export const PYPI_NAMES: Readonly<Record<string, string>> = {
  'dask-core': 'dask',
  faiss: 'faiss-cpu',
  'matplotlib-base': 'matplotlib',
  'msgpack-python': 'msgpack',
  opencv: 'opencv-python-headless',
  psycopg2: 'psycopg2-binary',
  'py-opencv': 'opencv-python-headless',
  'py-xgboost': 'xgboost',
  'py-xgboost-cpu': 'xgboost',
  'py-xgboost-gpu': 'xgboost',
  pyqt: 'pyqt5',
  pytables: 'tables',
  'python-graphviz': 'graphviz',
  pytorch: 'torch',
  'pytorch-cpu': 'torch',
  'pytorch-gpu': 'torch',
  ruamel_yaml: 'ruamel.yaml',
  'seaborn-base': 'seaborn',
  'tensorflow-gpu': 'tensorflow',
  'tensorflow-mkl': 'tensorflow',
  'xgboost-cpu': 'xgboost',
}

/**
 * Packages that Python packages from PyPI bring along or do without: run-time libraries, CUDA's parts (wheels carry
 * their own), variants of a build, certificates.
 */
const NEEDLESS =
  /^(?:_.*|ca-certificates|openssl|pip|python_abi|tzdata|cpuonly|nomkl|mkl|mkl-service|intel-openmp|llvm-openmp|(?:lib|open|libopen|libc)?blas|liblapack|lib(?:gcc|stdcxx)(?:-ng)?|libgomp|libgfortran.*|libffi|libuuid|libsqlite|libzlib|ld_impl_.*|zlib|zstd|xz|bzip2|ncurses|readline|sqlite|tk|hdf5|arrow-cpp|parquet-cpp|vc|vs20.*_runtime|ucrt|pytorch-(?:cuda|mutex)|cuda(?:toolkit|-.*)?|cudnn|nccl)$/

/** Programs and languages that no wheel brings: what needs them would fail in the middle of a step. */
const NOT_PYTHON =
  /^(?:r|r-.*|gcc|gxx|gfortran|clang.*|compilers|c-compiler|cxx-compiler|gcc_.*|gxx_.*|make|git|curl|wget|openjdk|nodejs|perl|openmpi|mpich|ffmpeg|graphviz|pandoc|poppler|tesseract|libsndfile|conda|mamba|texlive-core)$/

/** What a conda package's name means where packages come from PyPI. */
export function pypiName(conda: string): { name: string } | 'needless' | 'not-python' {
  const name = conda.toLowerCase()
  if (NEEDLESS.test(name)) return 'needless'
  if (NOT_PYTHON.test(name)) return 'not-python'
  return { name: PYPI_NAMES[name] ?? name }
}
