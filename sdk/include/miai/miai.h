/* The C ABI of Miai's SDK: load a model file, make a session of one of its functions, run it.
 *
 * Every call that can fail returns a miai_status; miai_last_error() has the message of this thread's last
 * failure. No exception crosses. Shapes are sizes in elements, row-major; a size of -1 is dynamic. A model is
 * immutable and may be used by any number of threads; a session belongs to one thread at a time; variables
 * are guarded by a lock.
 *
 *   miai_model* model; miai_session* session; miai_tensor out;
 *   miai_model_load("model.miai", &model);
 *   miai_session_create(model, "predict", NULL, &session);
 *   miai_tensor in = {"x", MIAI_FLOAT32, 4, {1, 1, 28, 28}, pixels};
 *   miai_session_set_input(session, 0, &in);
 *   miai_session_run(session);
 *   miai_session_output(session, 0, &out);    // out.data is valid until the next run
 *   miai_session_free(session); miai_model_free(model);
 */
#ifndef MIAI_MIAI_H
#define MIAI_MIAI_H

#include "miai/types.h"

#define MIAI_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

typedef struct miai_model miai_model;
typedef struct miai_session miai_session;
typedef struct miai_variables miai_variables;

/** A tensor, or what is known of one (data == NULL, dynamic sizes -1). */
typedef struct miai_tensor {
  const char* name; /* owned by the library when it fills the struct; may be NULL when you do */
  miai_dtype dtype;
  int32_t rank;
  int64_t shape[MIAI_MAX_RANK];
  const void* data; /* dense, row-major, in host memory */
} miai_tensor;

/** The library's version, "0.1.0". */
MIAI_API const char* miai_version(void);
/** Message of this thread's last failed call; "" if there was none. */
MIAI_API const char* miai_last_error(void);
/** "float32". */
MIAI_API const char* miai_dtype_name(miai_dtype dtype);
/** Bytes of an element. */
MIAI_API size_t miai_dtype_size(miai_dtype dtype);
/** Threads that one operator may use, for the whole process; a session may have a number of its own. */
MIAI_API miai_status miai_set_threads(int threads);
/** Asks running sessions to stop (they return MIAI_CANCELLED); may be called from a signal handler. */
MIAI_API void miai_cancel(void);
/** Registers the operators of a shared library (miai/plugin.h), for models that use them; again: nothing
 * happens. A library that fails registers nothing. */
MIAI_API miai_status miai_load_plugin(const char* path);

/** Loads and verifies a model file; nothing is executed. `check` != 0 verifies the tensors' checksums too. */
MIAI_API miai_status miai_model_load(const char* path, int check, miai_model** model);
/** The same from memory, which is copied. */
MIAI_API miai_status miai_model_load_memory(const void* data, size_t bytes, miai_model** model);
MIAI_API void miai_model_free(miai_model* model); /* sessions made from it live on */

MIAI_API int miai_model_function_count(const miai_model* model);
/** Name of a function; NULL if there are not so many. */
MIAI_API const char* miai_model_function_name(const miai_model* model, int index);
/** Inputs and outputs of a function; -1 if there is no such function. */
MIAI_API int miai_model_input_count(const miai_model* model, const char* function);
MIAI_API int miai_model_output_count(const miai_model* model, const char* function);
MIAI_API miai_status miai_model_input(const miai_model* model, const char* function, int index,
                                      miai_tensor* info);
MIAI_API miai_status miai_model_output(const miai_model* model, const char* function, int index,
                                       miai_tensor* info);
/** States of the model (weights, statistics, optimizer state), with their data as in the file. */
MIAI_API int miai_model_state_count(const miai_model* model);
MIAI_API miai_status miai_model_state(const miai_model* model, int index, miai_tensor* state);
/** Test vectors of a function in the file; -1 if there is no such function. */
MIAI_API int miai_model_test_count(const miai_model* model, const char* function);
/** Kinds of operators in a function; -1 if there is no such function. */
MIAI_API int miai_model_operator_count(const miai_model* model, const char* function);
/** The name of a kind, and how many of it the function has; the most frequent is number 0. */
MIAI_API miai_status miai_model_operator(const miai_model* model, const char* function, int index,
                                         const char** name, int* count);
/** The function's program as text; valid as long as the model. */
MIAI_API miai_status miai_model_text(const miai_model* model, const char* function, const char** text);

/** Values of a model's states that sessions share: what a train_step session writes, a predict session reads.
 */
MIAI_API miai_status miai_variables_create(const miai_model* model, miai_variables** variables);
MIAI_API void miai_variables_free(miai_variables* variables);
/** A state's value now; `data` is valid until the state is written or the variables are freed. */
MIAI_API miai_status miai_variables_read(miai_variables* variables, const char* name, miai_tensor* state);
/** Writes the model with the present values into a file, whole or absent. */
MIAI_API miai_status miai_variables_save(miai_variables* variables, const char* path);

/** A session of one function; `variables` NULL: values of its own. */
MIAI_API miai_status miai_session_create(const miai_model* model, const char* function,
                                         miai_variables* variables, miai_session** session);
MIAI_API void miai_session_free(miai_session* session);
/** Threads that one operator of this session may use; 0 (the default): the process's number. */
MIAI_API miai_status miai_session_set_threads(miai_session* session, int threads);
/** Copies an input in. Its dtype must be the function's; its sizes choose the plan. The name is ignored. */
MIAI_API miai_status miai_session_set_input(miai_session* session, int index, const miai_tensor* input);
/** Runs one step: all states are written, or, on failure, none. */
MIAI_API miai_status miai_session_run(miai_session* session);
/** An output of the last run; `data` is valid until the next run. */
MIAI_API miai_status miai_session_output(miai_session* session, int index, miai_tensor* output);
/** How the results of a test vector differ from what the file expects. */
typedef struct miai_difference {
  double absolute;    /* the largest */
  double relative;    /* the largest, relative to max(1, |expected|) */
  const char* output; /* the output with the largest relative one; NULL if nothing differs */
  double atol, rtol;  /* the test vector's own tolerance */
  int32_t within;     /* 1: no element differs by more than atol + rtol * |expected| */
} miai_difference;
/** Runs test vector `test`; writes the states as a run does. */
MIAI_API miai_status miai_session_verify(miai_session* session, int test, miai_difference* difference);

#ifdef __cplusplus
}
#endif
#endif
