// What gru, lstm and rnn share: a projection of the whole sequence, then the steps of `recurrence`.
#pragma once
#include "graph/ops/tables.h"
#include "kernels/common/attrs/recurrence.h"

namespace miai::ops {

/// The attributes of gru and lstm.
struct RecurrentLayerAttrs {
  bool batch_first = false;
  bool reverse = false;
  static auto fields() {
    return std::tuple{field("batch_first", &RecurrentLayerAttrs::batch_first,
                            "inp and out are (batch, time, features), else (time, batch, features)"),
                      field("reverse", &RecurrentLayerAttrs::reverse, "from the last step to the first")};
  }
};

/// Gives the attributes of a layer's steps.
using RecurrenceOf = RecurrenceAttrs (*)(const Attrs&);

/// A layer of one direction; its inputs are inp, weight_ih, weight_hh, bias_ih, bias_hh, h0 and, if its cell
/// has two states, c0. `formula` begins its documentation.
OpDef recurrent_layer_op(const std::string& name, const std::string& formula, const AttrsType& attrs,
                         const RecurrentCell& cell, RecurrenceOf recurrence_of);
/// Its gradient: recurrence_backward, then products over all steps at once.
GradDef recurrent_layer_grad(RecurrenceOf recurrence_of);
SampleList& recurrent_layer_samples(SampleTable& samples, const std::string& name, const RecurrentCell& cell);

}  // namespace miai::ops
