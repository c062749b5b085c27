// A loaded model: its functions, compiled when first used, and its states as in the file.
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "graph/compile/executable.h"
#include "graph/serialize/model_file.h"
#include "miai/miai.h"

namespace miai::sdk {

struct OperatorCount {
  std::string name;
  int count = 0;
};

class LoadedModel {
 public:
  explicit LoadedModel(Model model);

  const Model& model() const { return model_; }
  /// Raises ValueError listing the functions if there is none of that name.
  const ModelFunction& function(const char* name) const;
  /// Compiled on first use; shared by sessions that run with so many threads, for which its kernels prepare.
  std::shared_ptr<Executable> executable(const ModelFunction& function, int threads) const;
  /// Kinds of operators in a function and how many it has of each, most frequent first.
  const std::vector<OperatorCount>& operators(const ModelFunction& function) const;
  const std::string& text(const ModelFunction& function) const;
  const std::vector<const HostTensor*>& states() const { return states_; }

 private:
  Model model_;
  std::vector<const HostTensor*> states_;  // by index
  mutable std::mutex mutex_;
  mutable std::map<std::pair<std::string, int>, std::shared_ptr<Executable>> executables_;
  mutable std::map<std::string, std::vector<OperatorCount>> operators_;
  mutable std::map<std::string, std::string> texts_;
};

/// Values of the states, shared by sessions.
class Variables {
 public:
  explicit Variables(std::shared_ptr<const LoadedModel> model);
  const LoadedModel& model() const { return *model_; }
  /// Held while a session that writes runs, and while values are read.
  std::mutex& mutex() { return mutex_; }
  TensorRef& value(const std::string& name);  // raises ValueError
  void save(const std::string& path);

 private:
  std::shared_ptr<const LoadedModel> model_;
  std::mutex mutex_;
  std::map<std::string, TensorRef> values_;
};

/// Fills the C struct; dynamic sizes become -1.
void describe(const TensorType& type, const std::string& name, miai_tensor* info);
void describe(const TensorRef& tensor, const std::string& name, miai_tensor* info);

}  // namespace miai::sdk

struct miai_model {
  std::shared_ptr<const miai::sdk::LoadedModel> loaded;
};
struct miai_variables {
  std::shared_ptr<miai::sdk::Variables> shared;
};
