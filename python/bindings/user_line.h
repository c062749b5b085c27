// Where the user's Python program stands: the innermost frame that is not miai's own.
#pragma once
#include <string>

namespace miai::python {

/// "train.py:17"; "" outside of Python. Takes the GIL.
std::string user_line();
/// Frames of files below this folder are miai's own.
void set_package_folder(const std::string& folder);

}  // namespace miai::python
