/* What the SDK's C ABI and the plugin interface share. */
#ifndef MIAI_TYPES_H
#define MIAI_TYPES_H

#include <stddef.h>
#include <stdint.h>

typedef enum miai_status {
  MIAI_OK = 0,
  MIAI_VALUE_ERROR,     /* a wrong shape, name or number */
  MIAI_TYPE_ERROR,      /* a wrong dtype */
  MIAI_INDEX_ERROR,     /* an index out of bounds, in the data or in a call */
  MIAI_RUNTIME_ERROR,   /* a kernel or device failed */
  MIAI_MEMORY_ERROR,    /* out of memory */
  MIAI_NOT_IMPLEMENTED, /* valid, not supported here */
  MIAI_IO_ERROR,        /* a file is missing, truncated or damaged */
  MIAI_CANCELLED,       /* stopped by miai_cancel */
  MIAI_OVERFLOW_ERROR   /* a number does not fit */
} miai_status;

typedef enum miai_dtype {
  MIAI_BOOL = 0,
  MIAI_UINT8,
  MIAI_INT8,
  MIAI_INT16,
  MIAI_INT32,
  MIAI_INT64,
  MIAI_FLOAT16,
  MIAI_BFLOAT16,
  MIAI_FLOAT32,
  MIAI_FLOAT64
} miai_dtype;

#define MIAI_MAX_RANK 8

#endif
