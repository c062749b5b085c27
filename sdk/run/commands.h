// What miai-run does. Each command prints to standard output and raises on failure.
#pragma once
#include "sdk/run/options.h"

namespace miai::run {

void inspect(const Options& options);
void run(const Options& options);
void bench(const Options& options);
void verify(const Options& options);

}  // namespace miai::run
