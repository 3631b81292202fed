#include "ir/hlo/printer.h"

#include <fmt/format.h>

namespace jaxsmith::hlo {
namespace {

using Kind = AttributeValue::Kind;

class Printer {
 public:
  Printer(const Module& module, std::string& out) : module_(module), out_(out) {}

  void print();
  void shape(const Shape& shape);

 private:
  void tables();
  void computation(const Computation& computation);
  void signature(const Signature& signature);
  void body(const Computation& computation, int indent);
  void instruction(const Computation& computation, const Instruction& op, int indent);
  void operands(const Computation& computation, const Instruction& op);

  void array_shape(const Shape& shape);
  void tuple_shape(const Shape& shape);
  void literal(const Literal& literal);
  std::size_t literal_list(const Literal& literal, std::size_t level, std::int64_t index,
                           std::size_t next);

  void attribute(const Computation* computation, const Attribute& attribute, int indent);
  void value(const Computation* computation, const Attribute& attribute, int indent);
  void plain(const AttributeValue& value);
  void record(const AttributeValue& value);
  void computations(const AttributeValue& value, int indent);
  void instructions(const Computation& computation, const AttributeValue& value);
  void program_shape(const AttributeValue& value);
  void slices(const AttributeValue& value);
  void aliases(const AttributeValue& value, bool padded);
  void shardings(const AttributeValue& value);

  void name(std::string_view name);
  void number(std::int64_t value);
  void numbers(const std::vector<std::int64_t>& values);
  void index_separator(std::size_t index, bool comments);

  const Module& module_;
  std::string& out_;
};

void Printer::number(std::int64_t value) { out_ += fmt::format_int(value).c_str(); }

void Printer::numbers(const std::vector<std::int64_t>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out_ += ',';
    number(values[i]);
  }
}

void Printer::name(std::string_view name) {
  if (module_.percent) out_ += '%';
  out_ += name;
}

// In front of element `index` of a list.
void Printer::index_separator(std::size_t index, bool comments) {
  if (index == 0) return;
  out_ += ", ";
  if (!comments || index % 5 != 0) return;
  out_ += "/*index=";
  number(static_cast<std::int64_t>(index));
  out_ += "*/";
}

void Printer::print() {
  out_ += "HloModule ";
  out_ += module_.name;
  for (const Attribute& entry : module_.attributes) attribute(nullptr, entry, 0);
  tables();
  out_ += "\n\n";
  for (const Computation& entry : module_.computations) {
    if (!entry.inlined) computation(entry);
  }
}

void Printer::tables() {
  if (!module_.tables.empty()) out_ += '\n';
  for (const Table& table : module_.tables) {
    out_ += '\n';
    out_ += table.name;
    out_ += '\n';
    for (std::size_t i = 0; i < table.rows.size(); ++i) {
      number(static_cast<std::int64_t>(i + 1));
      out_ += ' ';
      plain(table.rows[i]);
      out_ += '\n';
    }
  }
}

// --- computations

void Printer::computation(const Computation& computation) {
  if (computation.entry) out_ += "ENTRY ";
  name(computation.name);
  if (computation.signature) signature(*computation.signature);
  out_ += " {\n";
  body(computation, 2);
  out_ += '}';
  for (const Attribute& entry : computation.attributes) attribute(nullptr, entry, 0);
  out_ += "\n\n";
}

void Printer::signature(const Signature& signature) {
  out_ += " (";
  for (std::size_t i = 0; i < signature.parameters.size(); ++i) {
    if (i > 0) out_ += ", ";
    out_ += signature.parameters[i].name;
    out_ += ": ";
    shape(signature.parameters[i].shape);
  }
  out_ += ") -> ";
  shape(signature.result);
}

void Printer::body(const Computation& computation, int indent) {
  for (const Instruction& op : computation.instructions) {
    out_.append(indent, ' ');
    instruction(computation, op, indent);
    out_ += '\n';
  }
}

void Printer::instruction(const Computation& computation, const Instruction& op, int indent) {
  if (op.root) out_ += "ROOT ";
  name(op.name);
  out_ += " = ";
  if (!op.shape.absent()) {
    shape(op.shape);
    out_ += ' ';
  }
  out_ += op.opcode;
  out_ += '(';
  if (op.literal)
    literal(*op.literal);
  else if (op.parameter >= 0)
    number(op.parameter);
  else
    operands(computation, op);
  out_ += ')';
  for (const Attribute& entry : op.attributes) attribute(&computation, entry, indent);
}

void Printer::operands(const Computation& computation, const Instruction& op) {
  for (std::size_t i = 0; i < op.operands.size(); ++i) {
    index_separator(i, module_.operand_index_comments);
    if (i < op.operand_shapes.size() && !op.operand_shapes[i].absent()) {
      shape(op.operand_shapes[i]);
      out_ += ' ';
    }
    name(computation.instructions[op.operands[i]].name);
  }
}

// --- shapes and constants

void Printer::shape(const Shape& shape) {
  if (shape.array()) array_shape(shape);
  if (shape.tuple()) tuple_shape(shape);
}

void Printer::tuple_shape(const Shape& tuple) {
  out_ += '(';
  for (std::size_t i = 0; i < tuple.elements.size(); ++i) {
    index_separator(i, module_.shape_index_comments);
    shape(tuple.elements[i]);
  }
  out_ += ')';
}

void Printer::array_shape(const Shape& shape) {
  out_ += shape.element;
  out_ += '[';
  for (std::size_t i = 0; i < shape.dims.size(); ++i) {
    if (i > 0) out_ += ',';
    if (shape.dims[i] == kUnbounded) {
      out_ += '?';
      continue;
    }
    if (!shape.dynamic.empty() && shape.dynamic[i]) out_ += "<=";
    number(shape.dims[i]);
  }
  out_ += ']';
  if (!shape.layout) return;
  out_ += '{';
  numbers(shape.layout->minor_to_major);
  if (!shape.layout->extra.empty()) {
    out_ += ':';
    out_ += shape.layout->extra;
  }
  out_ += '}';
}

void Printer::literal(const Literal& constant) {
  if (!constant.tuple) {
    literal_list(constant, 0, -1, 0);
    return;
  }
  out_ += "( ";
  for (std::size_t i = 0; i < constant.elements.size(); ++i) {
    if (i > 0) out_ += ", ";
    literal(constant.elements[i]);
  }
  out_ += " )";
}

// Prints the list of number `index` in its list and gives the number of the next scalar. XLA has
// blanks inside of braces except in a list of at most one scalar (and in vectors), and numbers the
// lists of constants of rank four and more.
std::size_t Printer::literal_list(const Literal& literal, std::size_t level, std::int64_t index,
                                  std::size_t next) {
  std::size_t rank = literal.dims.size();
  if (level == rank) {
    if (literal.complex) {
      fmt::format_to(std::back_inserter(out_), "({}, {})", literal[next], literal[next + 1]);
      return next + 2;
    }
    out_ += literal[next];
    return next + 1;
  }
  std::int64_t size = literal.dims[level];
  bool innermost = level + 1 == rank;
  bool blank = rank > 1 && !(innermost && size <= 1);
  bool numbered = rank > 3 && !innermost && index >= 0;
  out_ += '{';
  if (numbered) fmt::format_to(std::back_inserter(out_), " /*i{}={}*/", level - 1, index);
  if (blank) out_ += ' ';
  for (std::int64_t i = 0; i < size; ++i) {
    if (i > 0) out_ += ", ";
    next = literal_list(literal, level + 1, i, next);
  }
  if (blank && !(numbered && size == 0)) out_ += ' ';
  out_ += '}';
  return next;
}

// --- attributes

void Printer::attribute(const Computation* computation, const Attribute& attribute, int indent) {
  out_ += ", ";
  out_ += attribute.key;
  out_ += '=';
  value(computation, attribute, indent);
}

void Printer::value(const Computation* computation, const Attribute& attribute, int indent) {
  const AttributeValue& value = attribute.value;
  switch (value.kind) {
    case Kind::kComputations:
      return computations(value, indent);
    case Kind::kInstructions:
      if (computation != nullptr) instructions(*computation, value);
      return;
    case Kind::kAliases:
      return aliases(value, attribute.key != "output_to_operand_aliasing");
    case Kind::kText:
      plain(value);
      if (attribute.key == "origin_recovery_table") out_ += '\n';
      return;
    default:
      return plain(value);
  }
}

// What says the same wherever it stands.
void Printer::plain(const AttributeValue& value) {
  switch (value.kind) {
    case Kind::kWord:
    case Kind::kText:
      out_ += value.text;
      return;
    case Kind::kString:
      fmt::format_to(std::back_inserter(out_), "\"{}\"", value.text);
      return;
    case Kind::kRaw:
      fmt::format_to(std::back_inserter(out_), "{{{}}}", value.text);
      return;
    case Kind::kRecord:
      return record(value);
    case Kind::kShape:
      return shape(value.shapes.at(0));
    case Kind::kProgramShape:
      return program_shape(value);
    case Kind::kSlices:
      return slices(value);
    case Kind::kShardings:
      return shardings(value);
    default:
      break;
  }
  out_ += '{';
  numbers(value.ints);
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) out_ += ',';
    plain(value.items[i]);
  }
  for (std::size_t i = 0; i < value.shapes.size(); ++i) {
    if (i > 0) out_ += ", ";
    shape(value.shapes[i]);
  }
  out_ += '}';
}

void Printer::record(const AttributeValue& value) {
  out_ += '{';
  for (std::size_t i = 0; i < value.fields.size(); ++i) {
    if (i > 0) out_ += value.separator;
    out_ += value.fields[i].key;
    out_ += '=';
    plain(value.fields[i].value);
  }
  out_ += '}';
}

void Printer::computations(const AttributeValue& value, int indent) {
  if (value.braced) out_ += '{';
  for (std::size_t i = 0; i < value.ints.size(); ++i) {
    const Computation& callee = module_.computations[value.ints[i]];
    if (i > 0) out_ += ", ";
    if (!callee.inlined) {
      name(callee.name);
      continue;
    }
    out_ += '\n';
    out_.append(indent, ' ') += "{\n";
    body(callee, indent + 2);
    out_.append(indent, ' ') += '}';
  }
  if (value.braced) out_ += '}';
}

void Printer::instructions(const Computation& computation, const AttributeValue& value) {
  if (value.braced) out_ += '{';
  for (std::size_t i = 0; i < value.ints.size(); ++i) {
    if (i > 0) out_ += ", ";
    name(computation.instructions[value.ints[i]].name);
  }
  if (value.braced) out_ += '}';
}

void Printer::program_shape(const AttributeValue& value) {
  out_ += "{(";
  for (std::size_t i = 0; i + 1 < value.shapes.size(); ++i) {
    index_separator(i, module_.shape_index_comments);
    shape(value.shapes[i]);
  }
  out_ += ")->";
  shape(value.shapes.back());
  out_ += '}';
}

void Printer::slices(const AttributeValue& value) {
  out_ += '{';
  for (std::size_t i = 0; i < value.slices.size(); ++i) {
    const SliceDim& dim = value.slices[i];
    if (i > 0) out_ += ", ";
    fmt::format_to(std::back_inserter(out_), "[{}:{}", dim.start, dim.limit);
    if (dim.stride_written) fmt::format_to(std::back_inserter(out_), ":{}", dim.stride);
    out_ += ']';
  }
  out_ += '}';
}

void Printer::aliases(const AttributeValue& value, bool padded) {
  out_ += padded ? "{ " : "{";
  for (std::size_t i = 0; i < value.aliases.size(); ++i) {
    const Alias& alias = value.aliases[i];
    if (i > 0) out_ += ", ";
    if (alias.has_output) {
      out_ += '{';
      numbers(alias.output_index);
      out_ += "}: ";
    }
    fmt::format_to(std::back_inserter(out_), "({}, {{", alias.parameter);
    numbers(alias.parameter_index);
    out_ += '}';
    if (!alias.kind.empty()) fmt::format_to(std::back_inserter(out_), ", {}", alias.kind);
    out_ += ')';
  }
  out_ += padded ? " }" : "}";
}

void Printer::shardings(const AttributeValue& value) {
  out_ += '{';
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    index_separator(i, true);
    plain(value.items[i]);
  }
  out_ += '}';
}

}  // namespace

std::string print(const Module& module) {
  std::string out;
  Printer(module, out).print();
  return out;
}

std::string print(const Shape& shape) {
  std::string out;
  Module plain;
  Printer(plain, out).shape(shape);
  return out;
}

}  // namespace jaxsmith::hlo
