// Attributes of recurrence (the steps of gru, lstm and rnn) and of its gradient, and what each cell is made
// of.
#pragma once
#include "kernels/common/attrs/attrs.h"

namespace miai {

struct RecurrenceAttrs {
  std::string cell = "gru";
  bool batch_first = false;
  bool reverse = false;
  static auto fields() {
    return std::tuple{
        field("cell", &RecurrenceAttrs::cell, "gru, lstm, rnn_tanh or rnn_relu"),
        field("batch_first", &RecurrenceAttrs::batch_first, "sequences are (batch, time, features)"),
        field("reverse", &RecurrenceAttrs::reverse, "from the last step to the first")};
  }
};

/// A recurrent cell: numbers of blocks of `hidden` values a step.
struct RecurrentCell {
  enum Kind { kGru, kLstm, kRnnTanh, kRnnRelu } kind;
  std::string_view name;
  int gates;   // of the projection
  int states;  // h; lstm also c
  int saved;   // what the gradient reads: gru r, z, n and n's recurrent part; lstm i, f, g, o and c
};
inline constexpr RecurrentCell kRecurrentCells[] = {
    {RecurrentCell::kGru, "gru", 3, 1, 4},
    {RecurrentCell::kLstm, "lstm", 4, 2, 5},
    {RecurrentCell::kRnnTanh, "rnn_tanh", 1, 1, 0},
    {RecurrentCell::kRnnRelu, "rnn_relu", 1, 1, 0},
};
/// nullptr for an unknown name.
inline const RecurrentCell* find_recurrent_cell(std::string_view name) {
  for (const RecurrentCell& cell : kRecurrentCells)
    if (cell.name == name) return &cell;
  return nullptr;
}

}  // namespace miai
