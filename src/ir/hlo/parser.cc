#include "ir/hlo/parser.h"

#include <string>
#include <unordered_map>
#include <utility>

#include "ir/hlo/values.h"

namespace jaxsmith::hlo {
namespace {

using Kind = AttributeValue::Kind;
using Names = std::unordered_map<std::string_view, std::int32_t>;

// An int of an attribute that shall be the index of a computation.
struct Unresolved {
  std::int32_t computation, instruction, attribute, place;
  NameReference name;
};

// What belongs to a computation only while it is read.
struct Scope {
  Computation computation;
  Names names;
  std::vector<Unresolved> callees, instructions;
  bool has_root = false;
  std::size_t root_offset = 0;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : in_(text), values_(in_) {}

  Module module();
  std::size_t offset() const { return in_.offset(); }

 private:
  void header();
  void tables();
  bool table_follows();
  AttributeValue table_row(std::size_t number);

  void computation();
  bool entry_keyword();
  Signature signature();
  void body(Scope& scope);
  void instruction(Scope& scope);
  bool root_keyword();
  Shape result_shape();
  void operands(Scope& scope, Instruction& op);
  void operand(Scope& scope, Instruction& op);
  std::int32_t operand_name(const Scope& scope);
  void attributes(Scope& scope, Instruction& op);
  Attribute attribute(std::vector<NameReference>& names);
  bool inline_follows();
  AttributeValue inline_computation();
  void refer(Scope& scope, const Attribute& attribute, std::int32_t index,
             const std::vector<NameReference>& names);

  std::int32_t finish(Scope scope);
  static void set_parameters(Computation& computation);
  static void resolve_instructions(Scope& scope);
  void resolve_computations();

  Cursor in_;
  ValueReader values_;
  Module module_;
  Names computations_;
  std::vector<Unresolved> callees_;
  bool has_entry_ = false;
  bool percent_ = false;
  IndexComments operand_comments_;
  ir::Depth depth_;  // of computations within computations
};

[[noreturn]] void refuse(std::size_t offset, std::string message) {
  throw ir::Refused{offset, std::move(message)};
}

std::string quote(std::string_view name) { return "'" + std::string(name.substr(0, 80)) + "'"; }

Module Parser::module() {
  header();
  tables();
  while (!in_.at_end()) computation();
  if (module_.computations.empty()) in_.expected("a computation");
  if (!has_entry_) module_.entry = static_cast<std::int32_t>(module_.computations.size() - 1);
  resolve_computations();
  module_.percent = percent_ || values_.percent;
  module_.shape_index_comments = values_.shape_comments.written();
  module_.operand_index_comments = operand_comments_.written();
  return std::move(module_);
}

void Parser::header() {
  if (!in_.accept(std::string_view("HloModule"))) in_.expected("'HloModule'");
  if (!is_blank(in_.here())) in_.expected("a blank");
  bool percent = false;
  module_.name = in_.name("the module's name", percent);
  while (in_.accept(',')) {
    std::vector<NameReference> names;
    module_.attributes.push_back(attribute(names));
    if (!names.empty()) refuse(names[0].offset, "a name in the header");
  }
}

// --- tables of source locations

bool Parser::table_follows() {
  in_.skip();
  std::size_t begin = in_.offset();
  bool follows = false;
  for (std::string_view name : {"FileNames", "FunctionNames", "FileLocations", "StackFrames"}) {
    if (!in_.accept(name)) continue;
    follows = is_blank(in_.here()) && in_.peek() != '{' && in_.here() != '(' && in_.here() != '-';
    break;
  }
  in_.set_offset(begin);
  return follows;
}

void Parser::tables() {
  while (table_follows()) {
    Table& table = module_.tables.emplace_back();
    table.name = in_.identifier("a table");
    while (is_digit(in_.peek())) table.rows.push_back(table_row(table.rows.size() + 1));
  }
}

AttributeValue Parser::table_row(std::size_t number) {
  std::size_t begin = in_.offset();
  if (in_.integer() != static_cast<std::int64_t>(number)) {
    refuse(begin, "expected row " + std::to_string(number));
  }
  if (in_.peek() == '{') return values_.record();
  AttributeValue row;
  row.kind = Kind::kString;
  row.text = in_.string();
  return row;
}

// --- computations

bool Parser::entry_keyword() {
  std::size_t begin = in_.offset();
  if (in_.accept(std::string_view("ENTRY")) && !is_name_char(in_.here())) return true;
  in_.set_offset(begin);
  return false;
}

void Parser::computation() {
  Scope scope;
  Computation& out = scope.computation;
  in_.skip();
  std::size_t begin = in_.offset();
  out.entry = entry_keyword();
  if (out.entry && has_entry_) refuse(begin, "a second ENTRY");
  has_entry_ |= out.entry;
  in_.skip();
  out.offset = in_.offset();
  std::string_view name = in_.name("a computation's name", percent_);
  out.name = name;
  if (in_.peek() == '(' || in_.here() == '-') out.signature = signature();
  body(scope);
  while (in_.accept(',')) {
    std::vector<NameReference> names;
    out.attributes.push_back(attribute(names));
    if (!names.empty()) refuse(names[0].offset, "a name behind a computation");
  }
  std::size_t offset = out.offset;
  bool entry = out.entry;
  std::int32_t index = finish(std::move(scope));
  if (entry) module_.entry = index;
  if (!computations_.emplace(name, index).second) {
    refuse(offset, "a second computation " + quote(name));
  }
}

Signature Parser::signature() {
  Signature out;
  in_.expect('(');
  if (!in_.accept(')')) {
    do {
      SignatureParameter parameter;
      parameter.name = in_.key("a parameter's name", ':');
      parameter.shape = values_.shape();
      out.parameters.push_back(std::move(parameter));
    } while (in_.accept(','));
    in_.expect(')');
  }
  if (!in_.accept(std::string_view("->"))) in_.expected("'->'");
  out.result = values_.shape();
  return out;
}

void Parser::body(Scope& scope) {
  const ir::Nesting level(depth_, [&] { in_.fail("nested too deeply"); });
  in_.expect('{');
  if (in_.peek() == '}') in_.fail("a computation without instructions");
  while (!in_.accept('}')) instruction(scope);
}

// Completes a computation whose text has been read; gives its index.
std::int32_t Parser::finish(Scope scope) {
  Computation& done = scope.computation;
  if (!scope.has_root) done.root = static_cast<std::int32_t>(done.instructions.size() - 1);
  set_parameters(done);
  resolve_instructions(scope);
  auto index = static_cast<std::int32_t>(module_.computations.size());
  for (Unresolved& callee : scope.callees) {
    callee.computation = index;
    callees_.push_back(callee);
  }
  module_.computations.push_back(std::move(done));
  return index;
}

void Parser::set_parameters(Computation& computation) {
  for (std::size_t i = 0; i < computation.instructions.size(); ++i) {
    const Instruction& op = computation.instructions[i];
    if (op.opcode != "parameter") continue;
    auto number = static_cast<std::size_t>(op.parameter);
    if (number >= computation.instructions.size()) {
      refuse(op.offset, "parameter number " + std::to_string(number) + ", but there are fewer");
    }
    if (number >= computation.parameters.size()) computation.parameters.resize(number + 1, -1);
    if (computation.parameters[number] >= 0) {
      refuse(op.offset, "a second parameter " + std::to_string(number));
    }
    computation.parameters[number] = static_cast<std::int32_t>(i);
  }
  for (std::size_t i = 0; i < computation.parameters.size(); ++i) {
    if (computation.parameters[i] >= 0) continue;
    refuse(computation.offset, "parameter " + std::to_string(i) + " is missing");
  }
}

void Parser::resolve_instructions(Scope& scope) {
  for (const Unresolved& use : scope.instructions) {
    auto found = scope.names.find(use.name.name);
    if (found == scope.names.end()) {
      refuse(use.name.offset, "unknown instruction " + quote(use.name.name));
    }
    Instruction& op = scope.computation.instructions[use.instruction];
    op.attributes[use.attribute].value.ints[use.place] = found->second;
  }
}

void Parser::resolve_computations() {
  for (const Unresolved& use : callees_) {
    auto found = computations_.find(use.name.name);
    if (found == computations_.end()) {
      refuse(use.name.offset, "unknown computation " + quote(use.name.name));
    }
    Instruction& op = module_.computations[use.computation].instructions[use.instruction];
    op.attributes[use.attribute].value.ints[use.place] = found->second;
  }
}

// --- instructions

bool Parser::root_keyword() {
  std::size_t begin = in_.offset();
  bool follows = in_.accept(std::string_view("ROOT")) && !is_name_char(in_.here());
  if (follows && in_.peek() != '=') return true;  // not an instruction of that name
  in_.set_offset(begin);
  return false;
}

void Parser::instruction(Scope& scope) {
  Instruction op;
  std::size_t begin = in_.offset();
  op.root = root_keyword();
  if (op.root && scope.has_root) refuse(begin, "a second ROOT");
  in_.skip();
  op.offset = in_.offset();
  const bool signed_name = in_.here() == '%';
  std::string_view name = in_.name("an instruction's name", percent_);
  if (!signed_name && in_.here() == '=')
    refuse(op.offset, "expected a blank between an instruction's name and '='");
  op.name = name;
  auto index = static_cast<std::int32_t>(scope.computation.instructions.size());
  in_.expect('=');
  op.shape = result_shape();
  op.opcode = in_.identifier("an opcode");
  in_.expect('(');
  if (op.opcode == "constant") {
    op.literal = values_.literal(op.shape);
  } else if (op.opcode == "parameter") {
    in_.skip();
    std::size_t at = in_.offset();
    op.parameter = in_.integer();
    if (op.parameter < 0) refuse(at, "negative parameter number");
  } else {
    operands(scope, op);
  }
  in_.expect(')');
  attributes(scope, op);
  if (!scope.names.emplace(name, index).second) {
    refuse(op.offset, "a second instruction " + quote(name));
  }
  if (op.root) {
    scope.has_root = true;
    scope.computation.root = index;
  }
  scope.computation.instructions.push_back(std::move(op));
}

// Absent if the opcode comes at once: "x = add(a, b)".
Shape Parser::result_shape() {
  in_.skip();
  std::size_t begin = in_.offset();
  if (in_.here() != '(') {
    in_.identifier("a shape");
    bool opcode = in_.peek() == '(';
    in_.set_offset(begin);
    if (opcode) return {};
  }
  return values_.shape();
}

void Parser::operands(Scope& scope, Instruction& op) {
  if (in_.peek() == ')') return;
  do {
    bool comment = in_.skip();
    if (!op.operands.empty()) operand_comments_.note(op.operands.size(), comment);
    operand(scope, op);
  } while (in_.accept(','));
}

void Parser::operand(Scope& scope, Instruction& op) {
  std::size_t begin = in_.offset();
  bool shaped = in_.here() == '(';
  if (!shaped && in_.here() != '%') {
    in_.identifier("an operand");
    shaped = in_.peek() == '[';
    in_.set_offset(begin);
  }
  if (shaped) {
    op.operand_shapes.resize(op.operands.size());
    op.operand_shapes.push_back(values_.shape());
  } else if (!op.operand_shapes.empty()) {
    op.operand_shapes.emplace_back();
  }
  op.operands.push_back(operand_name(scope));
}

std::int32_t Parser::operand_name(const Scope& scope) {
  in_.skip();
  std::size_t begin = in_.offset();
  if (in_.accept(std::string_view("..."))) refuse(begin, "operands are elided");
  std::string_view name = in_.name("an operand", percent_);
  auto found = scope.names.find(name);
  if (found == scope.names.end()) {
    refuse(begin, "unknown instruction " + quote(name) + ": operands are defined further up");
  }
  return found->second;
}

void Parser::attributes(Scope& scope, Instruction& op) {
  while (in_.accept(',')) {
    in_.skip();
    Attribute out;
    std::vector<NameReference> names;
    std::size_t begin = in_.offset();
    std::string_view key = in_.key("an attribute");
    if (ValueReader::names_computations(key) && inline_follows()) {
      out.key = key;
      out.offset = begin;
      out.value = inline_computation();
    } else {
      in_.set_offset(begin);
      out = attribute(names);
    }
    op.attributes.push_back(std::move(out));
    if (!names.empty()) {
      refer(scope, op.attributes.back(), static_cast<std::int32_t>(op.attributes.size() - 1),
            names);
    }
  }
}

void Parser::refer(Scope& scope, const Attribute& attribute, std::int32_t index,
                   const std::vector<NameReference>& names) {
  bool callee = attribute.value.kind == Kind::kComputations;
  auto instruction = static_cast<std::int32_t>(scope.computation.instructions.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    (callee ? scope.callees : scope.instructions)
        .push_back({-1, instruction, index, static_cast<std::int32_t>(i), names[i]});
  }
}

Attribute Parser::attribute(std::vector<NameReference>& names) {
  Attribute out;
  in_.skip();
  out.offset = in_.offset();
  std::string_view key = in_.key("an attribute");
  out.key = key;
  out.value = values_.value(key, names);
  return out;
}

// "{ name = …" or "{ ROOT name = …" in the place of a computation's name.
bool Parser::inline_follows() {
  in_.skip();
  std::size_t begin = in_.offset();
  bool follows = false;
  if (in_.accept('{') && (in_.peek() == '%' || is_name_char(in_.here()))) {
    bool percent = false;
    in_.name("a name", percent);
    follows = in_.peek() == '=' || in_.here() == '%' || is_name_char(in_.here());
  }
  in_.set_offset(begin);
  return follows;
}

AttributeValue Parser::inline_computation() {
  Scope scope;
  scope.computation.inlined = true;
  scope.computation.offset = in_.offset();
  body(scope);
  AttributeValue out;
  out.kind = Kind::kComputations;
  out.ints.push_back(finish(std::move(scope)));
  return out;
}

}  // namespace

Result<Module> parse(std::string_view text, std::string_view file) {
  if (static_cast<std::int64_t>(text.size()) > ir::Limits().text_bytes) {
    return ir::refused_at(text.substr(0, 0), file, 0, "the text is too long");
  }
  try {
    Parser parser(text);
    return ir::refusing([&] { return parser.module(); }, [&] { return parser.offset(); });
  } catch (const ir::Refused& refused) {
    return ir::refused_at(text, file, refused.offset, refused.message);
  }
}

}  // namespace jaxsmith::hlo
