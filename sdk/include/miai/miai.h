/* The C ABI of Miai's SDK. */
#ifndef MIAI_MIAI_H
#define MIAI_MIAI_H

#define MIAI_API __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

/** The library's version, "0.1.0". */
MIAI_API const char* miai_version(void);

#ifdef __cplusplus
}
#endif
#endif
