#include "graph/compile/explain.h"

#include <iomanip>
#include <sstream>

namespace miai {
namespace {

/// "arena+64", "input 0", "state 2 (new)".
std::string place_text(const Plan& plan, const Operand& operand) {
  if (operand.base < 0) return "none";
  const Base& base = plan.bases[static_cast<size_t>(operand.base)];
  std::string text;
  switch (base.kind) {
    case BaseKind::kArena:
      return "arena+" + std::to_string(operand.offset);
    case BaseKind::kInput:
      text = "input " + std::to_string(base.index);
      break;
    case BaseKind::kState:
      text = "state " + std::to_string(base.index);
      break;
    case BaseKind::kStateNew:
      text = "new state " + std::to_string(base.index);
      break;
    case BaseKind::kConstant:
      text = "constant " + std::to_string(base.index);
      break;
    case BaseKind::kPacked:
      text = "packed " + std::to_string(base.index);
      break;
    case BaseKind::kFresh:
      text = "own " + std::to_string(operand.base);
      break;
  }
  return operand.offset ? text + "+" + std::to_string(operand.offset) : text;
}

void print_operands(std::ostream& out, const Plan& plan, int first, int count) {
  for (int i = 0; i < count; ++i) {
    const Operand& operand = plan.operands[static_cast<size_t>(first + i)];
    out << (i ? ", " : "") << place_text(plan, operand);
    if (operand.base < 0) continue;
    out << ' ' << operand.meta.dtype << operand.meta.shape;
    if (!operand.meta.is_dense()) out << " strides " << operand.meta.strides;
  }
}

void print_instruction(std::ostream& out, const Plan& plan, const Instruction& instruction) {
  print_operands(out, plan, instruction.first_operand + instruction.input_count, instruction.output_count);
  out << " = " << instruction.op << '(';
  print_operands(out, plan, instruction.first_operand, instruction.input_count);
  out << ')';
  std::ostringstream attrs;
  print_attrs(attrs, instruction.attrs, "program");  // which nobody reads
  if (!attrs.str().empty()) out << " {" << attrs.str() << '}';
  const KernelChoice& choice = instruction.choice;
  if (instruction.repeats) out << " again";
  out << " by " << (choice.kernel ? choice.kernel->name : "a copy between devices");
  if (instruction.workspace_offset >= 0)
    out << ", workspace arena+" << instruction.workspace_offset << " (" << choice.prepared.workspace_bytes
        << " bytes)";
  if (!instruction.line.empty()) out << "  # " << instruction.line;
  out << '\n';
  for (const Refusal& refusal : choice.refusals)
    out << "         not " << refusal.kernel << ": " << refusal.reason << '\n';
}

int64_t output_bytes(const Plan& plan, const Instruction& instruction) {
  int64_t sum = 0;
  for (int i = 0; i < instruction.output_count; ++i) {
    auto at = static_cast<size_t>(instruction.first_operand + instruction.input_count + i);
    sum += static_cast<int64_t>(byte_size(plan.operands[at].meta));
  }
  return sum;
}

}  // namespace

MemoryReport report_memory(const Plan& plan) {
  MemoryReport report;
  report.peak_bytes = plan.peak_bytes();
  report.arena_bytes = plan.arena_bytes();
  report.lower_bound_bytes = plan.memory.lower_bound;
  report.commit_bytes = plan.memory.commit_bytes;
  report.workspace_bytes = plan.memory.workspace;
  for (const TensorMeta& meta : plan.inputs) report.input_bytes += static_cast<int64_t>(byte_size(meta));
  for (const TensorMeta& meta : plan.states)
    if (meta.present) report.state_bytes += static_cast<int64_t>(byte_size(meta));
  for (const TensorRef& constant : plan.constants)
    report.constant_bytes += static_cast<int64_t>(byte_size(constant.meta));
  report.packed_bytes = plan.packed ? plan.packed->bytes() : 0;
  for (const Base& base : plan.bases)
    if (base.kind == BaseKind::kFresh) report.output_bytes += static_cast<int64_t>(base.bytes);
  for (const Instruction& i : plan.instructions) {
    report.seconds += i.seconds;
    if (!i.repeats) continue;
    report.repeated_seconds += i.seconds;
    report.repeated.push_back({i.op, i.line, output_bytes(plan, i), i.seconds});
  }
  return report;
}

std::string MemoryReport::to_string() const {
  std::ostringstream out;
  auto line = [&](const char* what, int64_t bytes, const char* note) {
    out << std::left << std::setw(14) << what << std::right << std::setw(14) << bytes << " bytes" << note
        << '\n';
  };
  line("peak", peak_bytes, "  (all that a run holds at most)");
  if (limit_bytes) line("limit", limit_bytes, "");
  line("arena", arena_bytes, "");
  line("lower bound", lower_bound_bytes, "  (largest sum of bytes that live together)");
  line("for commit", commit_bytes, "  (kept until states are written)");
  line("workspace", workspace_bytes, "  (the largest; inside the arena)");
  line("inputs", input_bytes, "");
  line("states", state_bytes, "");
  line("constants", constant_bytes, "");
  line("packed", packed_bytes, "  (weights in the forms of their kernels)");
  line("outputs", output_bytes, "  (allocated in each run)");
  return out.str();
}

std::string explain_plan(const Plan& plan) {
  std::ostringstream out;
  out << report_memory(plan).to_string();
  for (size_t i = 0; i < plan.instructions.size(); ++i) {
    if (static_cast<int>(i) == plan.commit_begin) out << "commit:\n";
    out << std::setw(5) << i << "  ";
    print_instruction(out, plan, plan.instructions[i]);
  }
  for (size_t i = 0; i < plan.outputs.size(); ++i)
    out << "output " << i << " = " << place_text(plan, plan.outputs[i]) << '\n';
  for (const StateWrite& write : plan.state_writes)
    out << "state " << write.state << " := " << place_text(plan, write.value) << '\n';
  return out.str();
}

}  // namespace miai
