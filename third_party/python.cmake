# The interpreter: that of .venv in the source folder if there is one, else the first on PATH; and pybind11.
if(NOT Python_EXECUTABLE AND EXISTS ${PROJECT_SOURCE_DIR}/.venv/bin/python AND NOT SKBUILD)
  set(Python_EXECUTABLE ${PROJECT_SOURCE_DIR}/.venv/bin/python CACHE FILEPATH "Python interpreter")
endif()
set(Python_FIND_VIRTUALENV FIRST)
set(Python_FIND_UNVERSIONED_NAMES FIRST)
if(MIAI_PYTHON)
  find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Module)
  execute_process(
    COMMAND ${Python_EXECUTABLE} -c "import pybind11; print(pybind11.get_cmake_dir())"
    OUTPUT_VARIABLE pybind11_folder OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(PYBIND11_FINDPYTHON ON)
  find_package(pybind11 3.0 CONFIG QUIET HINTS ${pybind11_folder})
  if(NOT pybind11_FOUND)
    message(FATAL_ERROR "pybind11 3 not found: ${Python_EXECUTABLE} -m pip install 'pybind11>=3.0'")
  endif()
else()
  find_package(Python 3.10 COMPONENTS Interpreter)
endif()
