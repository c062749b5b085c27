/* A plugin of the tests: an operator that fails in the callback, and with the status, that it is told. */
#include <miai/plugin.h>
#include <string.h>

static miai_status fail_in(const miai_host_api* host, miai_context* c, const char* callback) {
  if (strcmp(host->attribute_string(c, "where"), callback) != 0) return MIAI_OK;
  const int64_t status = host->attribute_int(c, "status");
  if (status < 0) return MIAI_INDEX_ERROR; /* without a message */
  return host->fail(c, (miai_status)status, "told to fail in %s", callback);
}

static miai_status infer(const miai_host_api* host, miai_context* c) {
  miai_dim dims[MIAI_MAX_RANK];
  for (int i = 0; i < host->input_rank(c, 0); ++i) dims[i] = host->input_dim(c, 0, i);
  const char* where = host->attribute_string(c, "where");
  if (strcmp(where, "axis") == 0) host->input_dim(c, 0, 7); /* the host keeps the failure */
  if (strcmp(where, "attribute") == 0) host->attribute_int(c, "where");
  if (strcmp(where, "emit") == 0) host->emit(c, "neg", NULL, 0, NULL, 0);
  if (strcmp(where, "zero") == 0) host->dim_floordiv(c, host->input_dim(c, 0, 0), host->dim(c, 0));
  if (strcmp(where, "negative") == 0) dims[0] = host->dim(c, -1);
  if (strcmp(where, "outputs") != 0)
    host->add_output(c, host->input_dtype(c, 0), host->input_rank(c, 0), dims);
  return fail_in(host, c, "infer");
}
static miai_status supports(const miai_host_api* host, miai_context* c, const miai_view* in,
                            const miai_view* out) {
  (void)in, (void)out;
  return fail_in(host, c, "supports");
}
static miai_status prepare(const miai_host_api* host, miai_context* c, const miai_view* in,
                           const miai_view* out, miai_prepared* prepared) {
  (void)in, (void)out, (void)prepared;
  return fail_in(host, c, "prepare");
}
static miai_status run(const miai_host_api* host, miai_context* c, const miai_kernel_call* call) {
  const miai_view *x = call->inputs, *out = call->outputs;
  for (int64_t i = 0; x->rank == 1 && i < x->shape[0]; ++i)
    memcpy((float*)out->data + i, (const float*)x->data + i * x->strides[0], sizeof(float));
  if (strcmp(host->attribute_string(c, "where"), "negative data") == 0 && *(const float*)x->data < 0)
    return host->fail(c, MIAI_VALUE_ERROR, "negative data");
  return fail_in(host, c, "run");
}
static miai_status gradient(const miai_host_api* host, miai_context* c) {
  const char* where = host->attribute_string(c, "where");
  miai_var* dy = host->output_gradient(c, 0);
  if (strcmp(where, "unlisted") == 0) host->input(c, 0);
  if (strcmp(where, "unknown") == 0) dy = host->emit(c, "no_such_op", &dy, 1, NULL, 0);
  if (strcmp(where, "shape") == 0) dy = host->emit(c, "sum", &dy, 1, NULL, 0);
  host->set_gradient(c, 0, dy);
  return fail_in(host, c, "gradient");
}

static const miai_input inputs[] = {{.name = "x"}};
static const miai_output outputs[] = {{.name = "out"}};
static const miai_attribute attributes[] = {
    {.name = "where", .kind = MIAI_ATTRIBUTE_STRING, .text = ""},
    {.name = "status", .kind = MIAI_ATTRIBUTE_INT, .integer = MIAI_VALUE_ERROR}};
static const miai_operator failing = {.api_version = MIAI_PLUGIN_API_VERSION,
                                      .name = "plugin_failing",
                                      .inputs = inputs,
                                      .outputs = outputs,
                                      .attributes = attributes,
                                      .input_count = 1,
                                      .output_count = 1,
                                      .attribute_count = 2,
                                      .infer = infer,
                                      .supports = supports,
                                      .prepare = prepare,
                                      .run = run,
                                      .gradient = gradient};

miai_status miai_plugin_init(const miai_host_api* host) { return host->register_operator(&failing); }
