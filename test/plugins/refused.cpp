// Plugins of the tests whose miai_plugin_init must be refused: the kind is a definition of the build.
#include <miai/plugin.h>

#include <stdexcept>
#include <string>

namespace {

const miai_output kOutputs[] = {{"out", 0}};
const miai_input kInputs[] = {{"x", nullptr, 0}};

miai_operator good(const char* name) {
  miai_operator op{};
  op.api_version = MIAI_PLUGIN_API_VERSION;
  op.name = name;
  op.inputs = kInputs;
  op.outputs = kOutputs;
  op.input_count = op.output_count = 1;
  op.infer = [](const miai_host_api*, miai_context*) { return MIAI_OK; };
  op.run = [](const miai_host_api*, miai_context*, const miai_kernel_call*) { return MIAI_OK; };
  return op;
}

}  // namespace

extern "C" miai_status miai_plugin_init(const miai_host_api* host) {
  const std::string kind = REFUSED_KIND;
  miai_operator first = good("refused_first"), second = good("refused_second");
  host->register_operator(&first);
  if (kind == "half") return host->fail(nullptr, MIAI_IO_ERROR, "no licence in %s", "/nowhere");
  if (kind == "silent") return MIAI_OVERFLOW_ERROR;
  if (kind == "throws") throw std::runtime_error("a C++ plugin's mistake");
  if (kind == "newer") second.api_version = 99;
  if (kind == "unversioned") second.api_version = 0;
  if (kind == "taken") second.name = "add";
  if (kind == "twice") second.name = "refused_first";
  if (kind == "name") second.name = "not a name";
  if (kind == "no_run") second.run = nullptr;
  if (kind == "no_list") second.inputs = nullptr;
  host->register_operator(&second);
  return MIAI_OK;  // what the host refused counts all the same
}
