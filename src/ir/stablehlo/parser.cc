#include "ir/stablehlo/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>
#include <unordered_set>

#include "ir/stablehlo/op_table.h"
#include "ir/stablehlo/parser_state.h"

namespace jaxsmith::stablehlo {

// ---- Values ----

ValueId Parser::define(std::string_view name, int index, const Type* type, std::size_t offset) {
  const auto id = static_cast<ValueId>(module_->values.size());
  module_->values.push_back({type, std::string(name), index});
  if (index <= 0) {
    const auto [at, added] = known_.scope.try_emplace(name, id);
    if (!added) in_.refuse_at(offset, fmt::format("%{} is defined already", name));
    known_.defined.push_back(name);
  }
  return id;
}

std::string_view Parser::value_name() {
  in_.expect("%");
  const std::size_t start = in_.offset();
  if (is_digit(in_.raw())) return in_.digits("a value's name");
  while (is_word(in_.raw()) || in_.raw() == '-') in_.move_to(in_.offset() + 1);
  if (in_.offset() == start) in_.refuse("expected a value's name");
  return in_.text().substr(start, in_.offset() - start);
}

ValueId Parser::operand() {
  in_.peek();
  const std::size_t at = in_.offset();
  const std::string_view name = value_name();
  std::int64_t index = 0;
  if (in_.take("#")) index = small_number(in_.digits("a result's number"));
  const auto found = known_.scope.find(name);
  if (found == known_.scope.end()) in_.refuse_at(at, fmt::format("%{} is not defined", name));
  const auto id = static_cast<std::size_t>(found->second) + static_cast<std::size_t>(index);
  if (index < 0 || id >= module_->values.size() || module_->values[id].name != name ||
      module_->values[id].index < (index > 0 ? 1 : -1))
    in_.refuse_at(at, fmt::format("%{} has no result {}", name, index));
  return static_cast<ValueId>(id);
}

std::int64_t Parser::small_number(std::string_view text) {
  std::int64_t n = 0;
  const auto done = std::from_chars(text.data(), text.data() + text.size(), n);
  if (done.ec != std::errc() || done.ptr != text.data() + text.size())
    in_.refuse("expected an integer");
  return n;
}

void Parser::location() {
  while (in_.take_word("loc")) in_.balanced('(');
}

// ---- Regions ----

Parser::Scope::Scope(Parser& parser, bool isolated)
    : parser_(parser), size_(parser.known_.defined.size()), isolated_(isolated) {
  if (isolated_) std::swap(outer_, parser_.known_.scope);
}

Parser::Scope::~Scope() {
  while (parser_.known_.defined.size() > size_) {
    parser_.known_.scope.erase(parser_.known_.defined.back());
    parser_.known_.defined.pop_back();
  }
  if (isolated_) std::swap(outer_, parser_.known_.scope);
}

void Parser::block_arguments(Block& block) {
  in_.expect("(");
  if (in_.peek() != ')') do {
      in_.peek();
      const std::size_t at = in_.offset();
      const std::string_view name = value_name();
      in_.expect(":");
      const Type* t = type();
      location();
      block.arguments.push_back(define(name, -1, t, at));
    } while (in_.take(","));
  in_.expect(")");
}

void Parser::block_name() {
  is_digit(in_.raw()) ? in_.digits("a block's name") : in_.name("a block's name");
}

void Parser::block_body(Block& block) {
  while (in_.peek() != '}') {
    if (in_.peek() == '^') in_.refuse("regions of several blocks are not supported");
    if (in_.at_end()) in_.refuse("expected '}'");
    block.ops.push_back(operation());
  }
  in_.expect("}");
}

Block Parser::region() {
  const ir::Nesting level = nested();
  const Scope scope(*this, false);
  Block block;
  in_.expect("{");
  if (in_.take("^")) {
    block_name();
    if (in_.peek() == '(') block_arguments(block);
    in_.expect(":");
  }
  block_body(block);
  return block;
}

// ---- Operations ----

Op Parser::operation() {
  const ir::Nesting level = nested();
  std::vector<ResultGroup> groups;
  if (in_.peek() == '%') {
    do {
      in_.peek();
      ResultGroup g;
      g.offset = in_.offset();
      g.name = value_name();
      if (in_.take(":")) {
        g.count = small_number(in_.number());
        if (g.count < 1) in_.refuse_at(g.offset, "a group of results has at least one");
      }
      groups.push_back(g);
    } while (in_.take(","));
    in_.expect("=");
  }
  in_.peek();
  Op op;
  op.offset = static_cast<std::uint32_t>(in_.offset());
  std::vector<const Type*> result_types;
  const bool quoted = in_.peek() == '"';
  if (quoted) {
    op.name = in_.string();
  } else {
    const std::string_view word = in_.word("an operation");
    if (word == "call" || word == "return") op.name = "func.";
    op.name += word;
  }
  op.rule = op_rule(op.name);
  quoted ? generic(op, result_types) : custom(op, result_types);
  if (op.name.starts_with("check.") || op.name.starts_with("interpreter."))
    module_->for_interpreter = true;
  location();
  std::sort(op.attrs.begin(), op.attrs.end(),
            [](const NamedAttr& a, const NamedAttr& b) { return a.name < b.name; });
  op.reading = reading_cost(op);
  std::size_t wanted = 0;
  for (const ResultGroup& g : groups)
    if (__builtin_add_overflow(wanted, g.count == 0 ? 1 : g.count, &wanted))
      in_.refuse_at(g.offset, "more results are named than can be counted");
  if (!groups.empty() && wanted != result_types.size())
    in_.refuse_at(op.offset, fmt::format("{} gives {} results, {} are named", op.name,
                                         result_types.size(), wanted));
  std::size_t next = 0;
  for (const ResultGroup& g : groups) {
    if (g.count == 0) {
      op.results.push_back(define(g.name, -1, result_types[next++], g.offset));
      continue;
    }
    for (std::int64_t i = 0; i < g.count; ++i)
      op.results.push_back(define(g.name, static_cast<int>(i), result_types[next++], g.offset));
  }
  if (groups.empty())
    for (const Type* t : result_types) {
      op.results.push_back(static_cast<ValueId>(module_->values.size()));
      module_->values.push_back({t, "", -1});
    }
  return op;
}

void Parser::operands_in_brackets(Op& op) {
  in_.expect("(");
  if (in_.peek() != ')') do {
      op.operands.push_back(operand());
    } while (in_.take(","));
  in_.expect(")");
}

void Parser::function_types(Op& op, std::vector<const Type*>& results) {
  in_.peek();
  const std::size_t at = in_.offset();
  op.operand_types = type_list();
  in_.expect("->");
  results = in_.peek() == '(' ? type_list() : std::vector<const Type*>{type()};
  check_operand_types(op, at);
}

void Parser::check_operand_types(const Op& op, std::size_t at) {
  if (op.operand_types.size() != op.operands.size())
    in_.refuse_at(
        at, fmt::format("{} operands, but {} types", op.operands.size(), op.operand_types.size()));
  for (std::size_t i = 0; i < op.operands.size(); ++i) {
    const Type* own = module_->type_of(op.operands[i]);
    if (own != op.operand_types[i] && own->text() != op.operand_types[i]->text())
      in_.refuse_at(at,
                    fmt::format("operand %{} is {}, not {}", module_->values[op.operands[i]].name,
                                own->text(), op.operand_types[i]->text()));
  }
}

void Parser::generic(Op& op, std::vector<const Type*>& results) {
  operands_in_brackets(op);
  if (in_.peek() == '[') in_.refuse("successors are not supported");
  if (in_.take("<")) {
    op.attrs = attr_dict(true);
    in_.expect(">");
  }
  if (in_.peek() == '(') {
    in_.expect("(");
    if (in_.peek() != ')') do {
        op.regions.push_back(region());
      } while (in_.take(","));
    in_.expect(")");
  }
  if (in_.peek() == '{')
    for (NamedAttr& a : attr_dict()) op.attrs.push_back(std::move(a));
  in_.expect(":");
  function_types(op, results);
}

// ---- Modules ----

void Parser::function(bool) {
  Function f;
  f.offset = static_cast<std::uint32_t>(in_.offset());
  const Scope scope(*this, true);
  for (const char* word : {"public", "private", "nested"})
    if (in_.take_word(word)) f.visibility = word;
  f.name = symbol().substr(1);
  define_function(f);
  in_.expect("(");
  if (in_.peek() != ')') do {
      Argument a;
      in_.peek();
      const std::size_t at = in_.offset();
      if (in_.peek() == '%') {
        const std::string_view name = value_name();
        in_.expect(":");
        a.value = define(name, -1, type(), at);
      } else {
        a.value = static_cast<ValueId>(module_->values.size());
        const Type* t = type();
        module_->values.push_back({t, "", -1});
      }
      if (in_.peek() == '{') a.attrs = attr_dict();
      location();
      f.arguments.push_back(std::move(a));
    } while (in_.take(","));
  in_.expect(")");
  if (in_.take("->")) {
    if (in_.take("(")) {
      if (in_.peek() != ')') do {
          const Type* t = type();
          f.results.emplace_back(t, in_.peek() == '{' ? attr_dict() : std::vector<NamedAttr>{});
        } while (in_.take(","));
      in_.expect(")");
    } else {
      f.results.emplace_back(type(), std::vector<NamedAttr>{});
    }
  }
  if (in_.take_word("attributes")) f.attrs = attr_dict();
  for (const Argument& a : f.arguments) f.body.arguments.push_back(a.value);
  f.declared_only = in_.peek() != '{';
  for (const Argument& a : f.arguments)
    if (!f.declared_only && module_->values[a.value].name.empty())
      in_.refuse("expected no body, as arguments have no names");
  if (in_.take("{")) block_body(f.body);
  location();
  module_->order.emplace_back(true, module_->functions.size());
  module_->functions.push_back(std::move(f));
}

void Parser::define_function(const Function& f) {
  if (!known_.functions.insert(f.name).second)
    in_.refuse_at(f.offset, "function @" + f.name + " is defined already");
}

// "func.func"() <{function_type = …, sym_name = …}> ({ … }) : () -> ()
void Parser::generic_function(Op op) {
  Function f;
  f.offset = op.offset;
  const Attr* name = op.attr("sym_name");
  const Attr* type = op.attr("function_type");
  if (!name || !type || !type->type || type->type->kind != Type::Kind::kFunction ||
      op.regions.size() > 1)
    in_.refuse_at(op.offset, "a function has sym_name, function_type and a region");
  f.name = name->text;
  define_function(f);
  if (const Attr* visibility = op.attr("sym_visibility")) f.visibility = visibility->text;
  const auto dict_of = [&](const char* key, std::size_t i) {
    std::vector<NamedAttr> out;
    const Attr* all = op.attr(key);
    if (all && i < all->items.size())
      for (std::size_t k = 0; k < all->items[i].keys.size(); ++k)
        out.push_back({all->items[i].keys[k], all->items[i].items[k], false});
    return out;
  };
  for (std::size_t i = 0; i < type->type->results.size(); ++i)
    f.results.emplace_back(type->type->results[i], dict_of("res_attrs", i));
  if (!op.regions.empty()) f.body = std::move(op.regions[0]);
  f.declared_only = op.regions.empty() || (f.body.ops.empty() && f.body.arguments.empty());
  for (std::size_t i = 0; i < f.body.arguments.size(); ++i)
    f.arguments.push_back({f.body.arguments[i], dict_of("arg_attrs", i)});
  if (f.arguments.size() != type->type->parts.size())
    in_.refuse_at(op.offset, "function_type does not name as many arguments as the region has");
  for (NamedAttr& a : op.attrs)
    if (a.name != "sym_name" && a.name != "function_type" && a.name != "sym_visibility" &&
        a.name != "arg_attrs" && a.name != "res_attrs")
      f.attrs.push_back(std::move(a));
  module_->order.emplace_back(true, module_->functions.size());
  module_->functions.push_back(std::move(f));
}

void Parser::generic_module() {
  operands_in_nothing();
  if (in_.take("<")) {
    take_module_attrs(attr_dict(true));
    in_.expect(">");
  }
  in_.expect("(");
  in_.expect("{");
  if (in_.take("^")) {
    block_name();
    in_.expect(":");
  }
  items();
  in_.expect("}");
  in_.expect(")");
  if (in_.peek() == '{') take_module_attrs(attr_dict());
  in_.expect(":");
  type();
  location();
}

void Parser::operands_in_nothing() {
  in_.expect("(");
  in_.expect(")");
}

void Parser::take_module_attrs(std::vector<NamedAttr> attrs) {
  for (NamedAttr& a : attrs) {
    if (a.name == "sym_name")
      module_->name = a.value.text;
    else
      module_->attrs.push_back(std::move(a));
  }
  std::ranges::stable_sort(module_->attrs, {}, &NamedAttr::name);
}

void Parser::items() {
  while (!in_.at_end() && in_.peek() != '}') {
    in_.peek();
    if (in_.take_word("func.func")) {
      function(false);
    } else if (in_.starts("\"func.func\"")) {
      const Scope scope(*this, true);
      generic_function(operation());
    } else if (in_.peek() == '#') {
      alias();
    } else if (in_.peek() == '!') {
      type_alias();
    } else if (starts_module()) {
      nested_module();
    } else if (in_.starts("{-#")) {
      const std::size_t end = in_.text().find("#-}", in_.offset());
      if (end == std::string_view::npos) in_.refuse("'{-#' without its end");
      in_.move_to(end + 3);
    } else {
      Op op = operation();
      module_->order.emplace_back(false, module_->ops.size());
      module_->ops.push_back(std::move(op));
    }
  }
}

void Parser::alias() {
  in_.expect("#");
  const std::string name(in_.name("an alias"));
  in_.expect("=");
  if (in_.take_word("loc")) {
    in_.balanced('(');
    return;
  }
  known_.attr_aliases[name] = attribute();
}

void Parser::type_alias() {
  in_.expect("!");
  const std::string name = "!" + std::string(in_.name("an alias"));
  in_.expect("=");
  known_.type_aliases[name] = type();
}

bool Parser::starts_module() {
  const std::size_t before = in_.offset();
  const bool starts =
      in_.take_word("module") || in_.take_word("builtin.module") || in_.take("\"builtin.module\"");
  in_.move_to(before);
  return starts;
}

void Parser::module() {
  if (in_.take("\"builtin.module\"")) return generic_module();
  if (!in_.take_word("module")) in_.take_word("builtin.module");
  if (in_.peek() == '@') module_->name = symbol().substr(1);
  if (in_.take_word("attributes")) module_->attrs = attr_dict();
  in_.expect("{");
  items();
  in_.expect("}");
  location();
}

void Parser::nested_module() {
  const ir::Nesting level = nested();
  Module inner;
  Module* outer = std::exchange(module_, &inner);
  Known known = std::exchange(known_, {});
  module();
  modules_.push_back(std::move(inner));
  module_ = outer;
  known_ = std::move(known);
}

std::vector<Module> Parser::parse() {
  Module out;
  module_ = &out;
  while (in_.peek() == '#' || in_.peek() == '!') in_.peek() == '#' ? alias() : type_alias();
  starts_module() ? module() : items();
  // Aliases of locations may follow, and other modules.
  while (in_.peek() == '#' || starts_module()) in_.peek() == '#' ? alias() : nested_module();
  // What stands beside modules is in one around them that is not written.
  Module around;
  if (!in_.at_end()) {
    module_ = &around;
    known_ = {};
    items();
  }
  if (!in_.at_end()) in_.refuse("expected the end of the module");
  if (!around.functions.empty() || !around.ops.empty()) modules_.push_back(std::move(around));
  if (modules_.empty() || !out.functions.empty() || !out.ops.empty())
    modules_.insert(modules_.begin(), std::move(out));
  return std::move(modules_);
}

Result<std::vector<Module>> parse(std::string_view text, std::string_view file) {
  std::vector<Module> out;
  const ir::Limits limits;
  constexpr std::string_view kSeparator = "// -----";
  std::size_t start = 0;
  if (text.size() > static_cast<std::size_t>(limits.text_bytes) || text.size() > 0xffffffffu)
    return ir::refused_at(text, file, 0, "the text is too long");
  try {
    for (;;) {
      std::size_t end = text.find(kSeparator, start);
      while (end != std::string_view::npos && end != 0 && text[end - 1] != '\n')
        end = text.find(kSeparator, end + 1);
      const bool last = end == std::string_view::npos;
      Scanner probe(text.substr(0, last ? text.size() : end), start);
      const bool empty = probe.at_end();
      if (!empty) {
        Parser parser(text.substr(0, last ? text.size() : end), start, limits);
        const auto read = [&] { return parser.parse(); };
        for (Module& m : ir::refusing(read, [&] { return parser.offset(); }))
          out.push_back(std::move(m));
      }
      if (last) break;
      start = end + kSeparator.size();
    }
    if (out.empty()) return ir::refused_at(text, file, 0, "there is no module");
  } catch (const ir::Refused& r) {
    return ir::refused_at(text, file, r.offset, r.message);
  }
  return out;
}

}  // namespace jaxsmith::stablehlo
