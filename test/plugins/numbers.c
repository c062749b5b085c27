/* A plugin of the tests: operators with attributes, optional inputs, auxiliary outputs, sizes and gradients.
 */
#include <math.h>
#include <miai/plugin.h>
#include <stdlib.h>

typedef const miai_host_api* host_t;
typedef miai_context* context_t;

static double load(const miai_view* v, int64_t at) {
  return v->dtype == MIAI_FLOAT32 ? ((const float*)v->data)[at] : ((const double*)v->data)[at];
}
static void store(const miai_view* v, int64_t at, double value) {
  if (v->dtype == MIAI_FLOAT32)
    ((float*)v->data)[at] = (float)value;
  else
    ((double*)v->data)[at] = value;
}
static int64_t count(const miai_view* v) {
  int64_t n = 1;
  for (int i = 0; i < v->rank; ++i) n *= v->shape[i];
  return n;
}
/* Where element i, in row-major order, lies. */
static int64_t offset(const miai_view* v, int64_t i) {
  int64_t at = 0;
  for (int d = v->rank - 1; d >= 0; --d) {
    at += i % v->shape[d] * v->strides[d];
    i /= v->shape[d];
  }
  return at;
}

static int is_float(miai_dtype dtype) { return dtype == MIAI_FLOAT32 || dtype == MIAI_FLOAT64; }

/* softcap: cap * tanh(x / cap) */

static miai_status infer_softcap(host_t host, context_t c) {
  miai_dim dims[MIAI_MAX_RANK];
  const double cap = host->attribute_float(c, "cap");
  if (!(cap > 0)) return host->fail(c, MIAI_VALUE_ERROR, "argument 'cap': expected more than 0, got %g", cap);
  if (!is_float(host->input_dtype(c, 0)))
    return host->fail(c, MIAI_TYPE_ERROR, "argument 'x': expected float32 or float64");
  for (int i = 0; i < host->input_rank(c, 0); ++i) dims[i] = host->input_dim(c, 0, i);
  host->add_output(c, host->input_dtype(c, 0), host->input_rank(c, 0), dims);
  return MIAI_OK;
}

struct softcap_piece {
  const miai_view *in, *out;
  double cap;
};
static void run_piece(int64_t begin, int64_t end, void* data) {
  const struct softcap_piece* p = data;
  for (int64_t i = begin; i < end; ++i)
    store(p->out, i, p->cap * tanh(load(p->in, offset(p->in, i)) / p->cap));
}
static miai_status run_softcap(host_t host, context_t c, const miai_kernel_call* call) {
  struct softcap_piece piece = {call->inputs, call->outputs, *(const double*)call->state};
  host->parallel_for(c, 0, count(call->outputs), 1024, run_piece, &piece);
  return MIAI_OK;
}
static miai_status prepare_softcap(host_t host, context_t c, const miai_view* inputs,
                                   const miai_view* outputs, miai_prepared* prepared) {
  (void)inputs, (void)outputs;
  double* cap = malloc(sizeof *cap);
  if (!cap) return host->fail(c, MIAI_MEMORY_ERROR, "no memory");
  *cap = host->attribute_float(c, "cap");
  prepared->state = cap;
  prepared->release = free;
  return MIAI_OK;
}

static miai_var* binary(host_t host, context_t c, const char* op, miai_var* a, miai_var* b) {
  miai_var* inputs[] = {a, b};
  return host->emit(c, op, inputs, 2, NULL, 0);
}
/* dy * (1 - (y / cap)^2) */
static miai_status gradient_softcap(host_t host, context_t c) {
  miai_var* y = host->output(c, 0);
  miai_var* t = binary(host, c, "div", y, host->scalar(c, y, host->attribute_float(c, "cap")));
  miai_var* slope = binary(host, c, "sub", host->scalar(c, y, 1), binary(host, c, "mul", t, t));
  host->set_gradient(c, 0, binary(host, c, "mul", host->output_gradient(c, 0), slope));
  return MIAI_OK;
}

/* pairs: out[n, j] = scale * (x[n, 2j] + x[n, 2j + 1]) + bias[j]; larger[n, j]: which of both, kept. */

static miai_status infer_pairs(host_t host, context_t c) {
  if (host->input_rank(c, 0) != 2) return host->fail(c, MIAI_VALUE_ERROR, "argument 'x': expected rank 2");
  const miai_dim two = host->dim(c, 2), columns = host->input_dim(c, 0, 1);
  const miai_dim shape[] = {host->input_dim(c, 0, 0), host->dim_floordiv(c, columns, two)};
  if (!host->dim_equal(c, host->dim_mul(c, shape[1], two), columns))
    return host->fail(c, MIAI_VALUE_ERROR, "argument 'x': expected an even number of columns");
  if (host->has_input(c, 1) && !host->dim_equal(c, host->input_dim(c, 1, 0), shape[1]))
    return host->fail(c, MIAI_VALUE_ERROR, "argument 'bias': expected one for each pair");
  host->add_output(c, host->input_dtype(c, 0), 2, shape);
  host->add_output(c, MIAI_BOOL, 2, shape);
  return MIAI_OK;
}
static miai_status supports_pairs(host_t host, context_t c, const miai_view* inputs,
                                  const miai_view* outputs) {
  (void)outputs;
  if (is_float(inputs[0].dtype)) return MIAI_OK;
  return host->fail(c, MIAI_NOT_IMPLEMENTED, "only float32 and float64");
}
static miai_status run_pairs(host_t host, context_t c, const miai_kernel_call* call) {
  const miai_view *x = &call->inputs[0], *bias = &call->inputs[1], *out = &call->outputs[0];
  const double scale = host->attribute_float(c, "scale");
  for (int64_t i = 0; i < count(out); ++i) {
    const double a = load(x, offset(x, 2 * i)), b = load(x, offset(x, 2 * i + 1));
    const int64_t j = i % out->shape[1];
    store(out, i, scale * (a + b) + (bias->present ? load(bias, j * bias->strides[0]) : 0));
    ((unsigned char*)call->outputs[1].data)[i] = b > a;
  }
  return MIAI_OK;
}
static miai_status gradient_pairs(host_t host, context_t c) {
  miai_var* dy = host->output_gradient(c, 0);
  if (host->needs_gradient(c, 0)) {
    miai_var* scaled = binary(host, c, "mul", dy, host->scalar(c, dy, host->attribute_float(c, "scale")));
    const miai_attribute axis = {.name = "axis", .kind = MIAI_ATTRIBUTE_INT, .integer = 2};
    miai_var* column = host->emit(c, "expand_dims", &scaled, 1, &axis, 1);
    const miai_dim twice[] = {host->var_dim(c, dy, 0), host->var_dim(c, dy, 1), host->dim(c, 2)};
    const miai_attribute wide = {.name = "shape", .kind = MIAI_ATTRIBUTE_DIMS, .dims = twice, .count = 3};
    miai_var* both = host->emit(c, "broadcast_to", &column, 1, &wide, 1);
    const miai_dim shape[] = {host->input_dim(c, 0, 0), host->input_dim(c, 0, 1)};
    const miai_attribute flat = {.name = "shape", .kind = MIAI_ATTRIBUTE_DIMS, .dims = shape, .count = 2};
    host->set_gradient(c, 0, host->emit(c, "reshape", &both, 1, &flat, 1));
  }
  if (host->has_input(c, 1) && host->needs_gradient(c, 1)) {
    const int64_t zero = 0;
    const miai_attribute axis = {.name = "axis", .kind = MIAI_ATTRIBUTE_INTS, .integers = &zero, .count = 1};
    host->set_gradient(c, 1, host->emit(c, "sum", &dy, 1, &axis, 1));
  }
  return MIAI_OK;
}

/* attributes: what it was given, as float64 numbers. */

static miai_status infer_attributes(host_t host, context_t c) {
  int32_t n;
  host->attribute_ints(c, "list", &n);
  const miai_dim shape[] = {host->dim(c, 4 + n)};
  host->add_output(c, MIAI_FLOAT64, 1, shape);
  return MIAI_OK;
}
static miai_status run_attributes(host_t host, context_t c, const miai_kernel_call* call) {
  double* out = call->outputs[0].data;
  int32_t n;
  const int64_t* list = host->attribute_ints(c, "list", &n);
  out[0] = host->attribute_bool(c, "flag");
  out[1] = (double)host->attribute_int(c, "whole");
  out[2] = host->attribute_float(c, "number");
  out[3] = host->attribute_string(c, "text")[0];
  for (int i = 0; i < n; ++i) out[4 + i] = (double)list[i];
  return MIAI_OK;
}

static const miai_input softcap_inputs[] = {{.name = "x", .doc = "any shape; float32 or float64"}};
static const miai_output one_output[] = {{.name = "out"}};
static const miai_attribute softcap_attributes[] = {
    {.name = "cap", .kind = MIAI_ATTRIBUTE_FLOAT, .doc = "what no result exceeds", .number = 1}};
static const miai_operator softcap = {.api_version = MIAI_PLUGIN_API_VERSION,
                                      .version = 3,
                                      .name = "plugin_softcap",
                                      .doc = "cap * tanh(x / cap).",
                                      .inputs = softcap_inputs,
                                      .outputs = one_output,
                                      .attributes = softcap_attributes,
                                      .input_count = 1,
                                      .output_count = 1,
                                      .attribute_count = 1,
                                      .infer = infer_softcap,
                                      .prepare = prepare_softcap,
                                      .run = run_softcap,
                                      .gradient = gradient_softcap,
                                      .gradient_outputs = 1};

static const miai_input pairs_inputs[] = {{.name = "x"}, {.name = "bias", .optional = 1}};
static const miai_output pairs_outputs[] = {{.name = "out"}, {.name = "larger", .auxiliary = 1}};
static const miai_attribute pairs_attributes[] = {
    {.name = "scale", .kind = MIAI_ATTRIBUTE_FLOAT, .number = 1}};
static const miai_operator pairs = {.api_version = MIAI_PLUGIN_API_VERSION,
                                    .name = "plugin_pairs",
                                    .inputs = pairs_inputs,
                                    .outputs = pairs_outputs,
                                    .attributes = pairs_attributes,
                                    .input_count = 2,
                                    .output_count = 2,
                                    .attribute_count = 1,
                                    .infer = infer_pairs,
                                    .supports = supports_pairs,
                                    .run = run_pairs,
                                    .gradient = gradient_pairs};

static const int64_t list[] = {5, 6};
static const miai_attribute all_attributes[] = {
    {.name = "flag", .kind = MIAI_ATTRIBUTE_BOOL, .integer = 1},
    {.name = "whole", .kind = MIAI_ATTRIBUTE_INT, .integer = 2},
    {.name = "number", .kind = MIAI_ATTRIBUTE_FLOAT, .number = 0.5},
    {.name = "text", .kind = MIAI_ATTRIBUTE_STRING, .text = "A"},
    {.name = "list", .kind = MIAI_ATTRIBUTE_INTS, .integers = list, .count = 2}};
static const miai_operator attributes = {.api_version = MIAI_PLUGIN_API_VERSION,
                                         .name = "plugin_attributes",
                                         .outputs = one_output,
                                         .attributes = all_attributes,
                                         .output_count = 1,
                                         .attribute_count = 5,
                                         .infer = infer_attributes,
                                         .run = run_attributes};

miai_status miai_plugin_init(const miai_host_api* host) {
  if (host->register_operator(&softcap) || host->register_operator(&pairs)) return MIAI_RUNTIME_ERROR;
  return host->register_operator(&attributes);
}
