/* Operators in a shared library that Miai loads at run time: mi.load_plugin(path) in Python, miai_load_plugin
 * in the SDK, miai-run --plugin FILE. The library exports one function and links nothing of Miai:
 *
 *   miai_status miai_plugin_init(const miai_host_api* host) {
 *     static const miai_input inputs[] = {{"x", "any shape", 0}};
 *     static const miai_output outputs[] = {{"out", 0}};
 *     static const miai_operator op = {.api_version = MIAI_PLUGIN_API_VERSION, .name = "my_op", ...};
 *     return host->register_operator(&op);
 *   }
 *
 * Callbacks are given the host's functions and a context, which is valid until they return. They may be
 * called by several threads at a time; no exception may leave them. Functions of the host that give no status
 * never fail visibly: the first failure is kept in the context and fails the call when the callback returns.
 * docs/plugins.md has a whole plugin.
 */
#ifndef MIAI_PLUGIN_H
#define MIAI_PLUGIN_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Raised when functions or fields are added, always at the end: an older plugin goes on to work. */
#define MIAI_PLUGIN_API_VERSION 1
#define MIAI_PLUGIN_MAX_OPERANDS 16

typedef struct miai_host_api miai_host_api;
typedef struct miai_context miai_context;
/** A tensor while a gradient is built; valid until the callback returns. NULL: absent, or a gradient of zero.
 */
typedef struct miai_var miai_var;
/** A size: an integer, or in a trace an expression of sizes that are known later. Made by the host alone. */
typedef struct miai_dim {
  uint64_t word;
} miai_dim;

typedef enum miai_attribute_kind {
  MIAI_ATTRIBUTE_BOOL = 0, /* integer */
  MIAI_ATTRIBUTE_INT,      /* integer */
  MIAI_ATTRIBUTE_FLOAT,    /* number */
  MIAI_ATTRIBUTE_STRING,   /* text; in emit also the name of a dtype or device */
  MIAI_ATTRIBUTE_INTS,     /* integers, count */
  MIAI_ATTRIBUTE_DIMS      /* dims, count; in emit alone */
} miai_attribute_kind;

/** An attribute's default where an operator is registered; its value in emit. */
typedef struct miai_attribute {
  const char* name;
  miai_attribute_kind kind;
  const char* doc; /* may be NULL */
  int64_t integer;
  double number;
  const char* text;
  const int64_t* integers;
  const miai_dim* dims;
  int32_t count;
} miai_attribute;

typedef struct miai_input {
  const char* name;
  const char* doc; /* may be NULL */
  int32_t optional;
} miai_input;

typedef struct miai_output {
  const char* name;
  int32_t auxiliary; /* kept for the gradient, invisible to the user */
} miai_output;

/** What a kernel sees of a tensor. */
typedef struct miai_view {
  int32_t present; /* 0: an optional input that was not given */
  miai_dtype dtype;
  int32_t rank;
  int64_t shape[MIAI_MAX_RANK];
  int64_t strides[MIAI_MAX_RANK]; /* in elements; 0 where broadcast; outputs are dense, row-major */
  void* data;                     /* NULL before the kernel runs */
} miai_view;

/** What a kernel makes once for the dtypes, shapes, strides and attributes of its call. */
typedef struct miai_prepared {
  void* state;
  void (*release)(void* state); /* may be NULL */
  size_t workspace_bytes;
} miai_prepared;

typedef struct miai_kernel_call {
  const miai_view* inputs;
  const miai_view* outputs;
  void* state;     /* of prepare; threads share it */
  void* workspace; /* 64-byte aligned */
} miai_kernel_call;

typedef miai_status (*miai_callback)(const miai_host_api* host, miai_context* c);

typedef struct miai_operator {
  uint32_t api_version; /* MIAI_PLUGIN_API_VERSION */
  int32_t version;      /* of the operator, kept in model files; from 1 (0 is taken for 1) */
  const char* name;
  const char* doc; /* what help() shows; may be NULL */
  const miai_input* inputs;
  const miai_output* outputs;
  const miai_attribute* attributes;
  int32_t input_count, output_count, attribute_count;
  void* user; /* what host->user gives */

  /** Checks the arguments and adds each output by add_output. */
  miai_callback infer;
  /** MIAI_OK, or MIAI_NOT_IMPLEMENTED by `fail` with the reason. NULL: all calls are supported. */
  miai_status (*supports)(const miai_host_api* host, miai_context* c, const miai_view* inputs,
                          const miai_view* outputs);
  /** NULL: nothing to prepare. */
  miai_status (*prepare)(const miai_host_api* host, miai_context* c, const miai_view* inputs,
                         const miai_view* outputs, miai_prepared* prepared);
  /** Writes all outputs; allocates nothing. The same bits for the same inputs. */
  miai_status (*run)(const miai_host_api* host, miai_context* c, const miai_kernel_call* call);

  /** Gives gradients by set_gradient, made by emit, so that any order works. NULL: not differentiable. The
   * SDK never calls it. */
  miai_callback gradient;
  uint32_t gradient_inputs;  /* bit i: it reads the value of input i, which is kept for it */
  uint32_t gradient_outputs; /* bit i: of output i */
} miai_operator;

struct miai_host_api {
  uint32_t version; /* of the host */
  uint32_t size;    /* bytes of this struct in the host */

  /** Inside of miai_plugin_init alone. What it is given is copied; it takes effect when init has returned
   * MIAI_OK. */
  miai_status (*register_operator)(const miai_operator* op);
  /** Keeps the message, formatted as by printf, and gives the status back: `return host->fail(...)`. In
   * miai_plugin_init the context is NULL. Python raises ValueError, TypeError and so on. */
  miai_status (*fail)(miai_context* c, miai_status status, const char* format, ...)
      __attribute__((format(printf, 3, 4)));
  void* (*user)(miai_context* c);

  /* Attributes, in any callback of an operator. */
  int32_t (*attribute_bool)(miai_context* c, const char* name);
  int64_t (*attribute_int)(miai_context* c, const char* name);
  double (*attribute_float)(miai_context* c, const char* name);
  const char* (*attribute_string)(miai_context* c, const char* name);
  const int64_t* (*attribute_ints)(miai_context* c, const char* name, int32_t* count);

  /* What is known of inputs before they are computed, in infer and gradient. */
  int32_t (*has_input)(miai_context* c, int32_t input);
  miai_dtype (*input_dtype)(miai_context* c, int32_t input);
  int32_t (*input_rank)(miai_context* c, int32_t input);
  miai_dim (*input_dim)(miai_context* c, int32_t input, int32_t axis);
  void (*add_output)(miai_context* c, miai_dtype dtype, int32_t rank, const miai_dim* dims);

  /* Sizes. */
  miai_dim (*dim)(miai_context* c, int64_t value);
  miai_dim (*dim_add)(miai_context* c, miai_dim a, miai_dim b);
  miai_dim (*dim_sub)(miai_context* c, miai_dim a, miai_dim b);
  miai_dim (*dim_mul)(miai_context* c, miai_dim a, miai_dim b);
  miai_dim (*dim_floordiv)(miai_context* c, miai_dim a, miai_dim b);
  miai_dim (*dim_max)(miai_context* c, miai_dim a, miai_dim b);
  /** 1 or 0. In a trace the answer for sizes at hand becomes a condition of the program. */
  int32_t (*dim_equal)(miai_context* c, miai_dim a, miai_dim b);
  /** 1 and the integer; 0 if the size is not known yet. */
  int32_t (*dim_value)(miai_context* c, miai_dim dim, int64_t* value);

  /* Gradients. */
  miai_var* (*input)(miai_context* c, int32_t input);   /* one of gradient_inputs */
  miai_var* (*output)(miai_context* c, int32_t output); /* one of gradient_outputs */
  miai_var* (*output_gradient)(miai_context* c, int32_t output);
  int32_t (*needs_gradient)(miai_context* c, int32_t input);
  void (*set_gradient)(miai_context* c, int32_t input, miai_var* gradient);
  /** Applies an operator of miai or of a plugin; its first output. */
  miai_var* (*emit)(miai_context* c, const char* op, miai_var* const* inputs, int32_t input_count,
                    const miai_attribute* attributes, int32_t attribute_count);
  /** Output i of the last emit. */
  miai_var* (*emitted)(miai_context* c, int32_t output);
  /** A number as a tensor of rank 0 with the dtype and device of `like`. */
  miai_var* (*scalar)(miai_context* c, miai_var* like, double value);
  miai_dtype (*var_dtype)(miai_context* c, miai_var* var);
  int32_t (*var_rank)(miai_context* c, miai_var* var);
  miai_dim (*var_dim)(miai_context* c, miai_var* var, int32_t axis);

  /* Kernels. */
  size_t (*dtype_size)(miai_dtype dtype);
  /** Runs body over pieces of [begin, end) of at least `grain` indices, on the process's threads. */
  void (*parallel_for)(miai_context* c, int64_t begin, int64_t end, int64_t grain,
                       void (*body)(int64_t begin, int64_t end, void* data), void* data);
  /** 1: the step was cancelled, a long kernel may return early. */
  int32_t (*cancelled)(miai_context* c);
};

/** What the library exports. MIAI_OK, or the status that fail gave. */
__attribute__((visibility("default"))) miai_status miai_plugin_init(const miai_host_api* host);

#ifdef __cplusplus
}
#endif
#endif
