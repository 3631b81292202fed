#include "plan/jax/mapping.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string_view>

#include "base/letters.h"
#include "plan/jax/call_table.h"
#include "plan/jax/catalogue.h"
#include "plan/planner.h"
#include "plan/scopes.h"
#include "plan/turns.h"

namespace jaxsmith::plan {
namespace {

using Names = std::set<std::string, std::less<>>;

// Whether what ends before this place is a value: "$0", "(…)", "[…]".
bool ends_value(std::string_view text, std::size_t at) {
  if (at > 0 && (text[at - 1] == ')' || text[at - 1] == ']')) return true;
  std::size_t digit = at;
  while (digit > 0 && is_digit(text[digit - 1])) --digit;
  return digit < at && digit > 0 && text[digit - 1] == '$';
}

// Names that a written step calls, "jnp.tanh" or "abs", and what it asks of values: ".sum", ".T".
std::vector<std::string> asked_for(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '.' && ends_value(text, at)) {
      std::size_t end = at + 1;
      while (end < text.size() && in_name(text[end])) ++end;
      const bool number = end > at + 1 && is_digit(text[at + 1]);
      if (!number) out.emplace_back(text.substr(at, end - at));
    }
    if (text[at] != '(' || at == 0 || !in_name(text[at - 1])) continue;
    std::size_t begin = at;
    while (begin > 0 && (in_name(text[begin - 1]) || text[begin - 1] == '.')) --begin;
    const bool of_value = begin > 0 && text[begin - 1] == '$';
    const bool method = text[begin] == '.';
    if (!of_value && !method) out.emplace_back(text.substr(begin, at - begin));
  }
  return out;
}

bool all_numbers(const Program& program, const Node& node) {
  const auto is_number = [&](ValueId id) {
    return id == kNoValue || program.values[static_cast<std::size_t>(id)].type.shape.empty();
  };
  return std::ranges::all_of(node.operands, is_number) &&
         std::ranges::all_of(node.results, is_number);
}

// The library's function in full, or the name as it is.
std::string in_full(const std::string& name) {
  const auto functions = functions_in(name, jax_catalogue().vocabulary());
  return functions.empty() ? name : *functions.begin();
}

// What a step calls, where it takes single numbers and gives some: no keys, no arrays, no
// functions.
bool works_on_numbers(const Program& program, const Node& node) {
  return node.bodies.empty() && all_numbers(program, node) &&
         std::ranges::none_of(node.operands, [&](ValueId id) {
           return id != kNoValue && program.values[static_cast<std::size_t>(id)].reserved;
         });
}

// An entry that takes single numbers, and gives some, looks at no others where it takes arrays:
// what its steps call then. Nothing where it is none.
std::optional<Names> calls_on_numbers(const Op& op) {
  constexpr std::uint64_t kSeed = 1, kTries = 3;
  if (op.weight <= 0 || op.has(kIdiom | kSetting | kStudy | kOverDevices)) return std::nullopt;
  const PlanOptions options{&jax_catalogue()};
  std::optional<Names> out;
  for (std::uint64_t k = 0; k < kTries && !out; ++k) {
    Settings settings = family_settings(options, kSeed, k);
    settings.real = DType::kF32, settings.devices = 1, settings.max_rank = 0;
    settings.maps_anything = true;  // what is worth it is known when all have been looked at
    apply_alone(settings, op, Random(kSeed, k).fork("numbers"), [&](const Program& program) {
      out.emplace();
      for (const Body& body : program.bodies)
        for (const Node& node : body.nodes) {
          if (node.op != op.name) continue;
          if (!works_on_numbers(program, node)) return out.reset();
          for (const std::string& name : asked_for(node.spelling)) out->insert(in_full(name));
        }
    });
  }
  return out;
}

// Rows of the tables of elementwise calls that name no axis and no size of one.
void add_rows(std::string_view table, Names& out) {
  Names names;
  bool by_element = false;
  const auto finish = [&] {
    if (by_element) out.merge(names);
    names.clear(), by_element = true;
  };
  for (const std::string& line : table_lines(table)) {
    if (line.starts_with(' ')) {
      for (std::size_t at = line.find('['); at != line.npos; at = line.find('[', at + 1)) {
        const std::string_view shape = std::string_view(line).substr(at);
        by_element = by_element && (shape.starts_with("[*]") || shape.starts_with("[]"));
      }
      by_element = by_element && line.find("{a}") == line.npos;
      continue;
    }
    finish();
    names = functions_in(line.substr(0, line.find(" : ")), jax_catalogue().vocabulary());
  }
  finish();
}

// Entries that work element by element, and what is called element by element.
struct Elementwise {
  std::set<const Op*> entries;
  Names calls = {".dtype", ".real", ".imag", ".astype"};
};

const Elementwise& elementwise() {
  static const Elementwise kAll = [] {
    Elementwise out;
    for (const Op& op : jax_catalogue().ops()) {
      std::optional<Names> calls = calls_on_numbers(op);
      if (!calls) continue;
      out.calls.merge(*calls);
      if (op.has(kWritten)) continue;  // its steps may be others where it takes arrays
      out.entries.insert(&op);
      for (const std::string& spelling : op.spellings)
        for (const std::string& name : asked_for(spelling)) out.calls.insert(in_full(name));
    }
    add_rows(numpy_elementwise_calls(), out.calls);
    add_rows(lax_elementwise_calls(), out.calls);
    return out;
  }();
  return kAll;
}

bool calls_elementwise(std::string_view spelling) {
  if (spelling.find_first_of("@[") != std::string_view::npos) return false;
  return std::ranges::all_of(asked_for(spelling), [](const std::string& name) {
    return elementwise().calls.contains(in_full(name));
  });
}

// Whether the one shape is broadcast to the other as it is.
bool fits_into(const Shape& shape, const Shape& whole) {
  return shape.size() <= whole.size() &&
         std::equal(shape.rbegin(), shape.rend(), whole.rbegin(),
                    [](std::int64_t n, std::int64_t of) { return n == of || n == 1; });
}

bool keeps_places(const Program& program, const Node& node) {
  const auto shape = [&](ValueId id) -> const Shape& {
    return program.values[static_cast<std::size_t>(id)].type.shape;
  };
  return std::ranges::all_of(node.results, [&](ValueId result) {
    return result == kNoValue || std::ranges::all_of(node.operands, [&](ValueId operand) {
             return operand == kNoValue || fits_into(shape(operand), shape(result));
           });
  });
}

bool is_elementwise(const Program& program, const Node& node) {
  const Op* op = program.catalogue->find(node.op);
  const bool called = begins_with_call(node);
  if (!node.bodies.empty()) {
    // Loops, branches and derivatives are of one example; a map is of what it maps.
    const bool maps =
        op != nullptr && op->category == kVectorization && !op->has(kWritten | kOverDevices);
    if ((!called && !maps) || std::ranges::any_of(node.bodies, [&](BodyId inner) {
          return looks_beyond_elements(program, inner);
        }))
      return false;
    return maps || calls_elementwise(node.spelling);
  }
  if (op != nullptr && elementwise().entries.contains(op)) return true;
  const bool written = op == nullptr || op->has(kWritten);
  return written && keeps_places(program, node) && calls_elementwise(node.spelling);
}

}  // namespace

bool looks_beyond_elements(const Program& program, BodyId body) {
  return !std::ranges::all_of(program.bodies[static_cast<std::size_t>(body)].nodes,
                              [&](const Node& node) { return is_elementwise(program, node); });
}

bool maps(const Program& program) {
  return std::ranges::none_of(program.bodies, [&](const Body& body) {
    return std::ranges::any_of(body.nodes, [&](const Node& node) {
      const Op* op = program.catalogue->find(node.op);  // a call of another body is no entry
      return op != nullptr && op->has(kUnmapped);
    });
  });
}

bool worth_mapping(Builder& b, BodyId body) {
  return b.settings().maps_anything || looks_beyond_elements(b.program(), body);
}

std::vector<std::string> names_of_many(const std::vector<std::string>& names) {
  constexpr std::size_t kWord = 3;  // a letter has no plural
  const auto is_vowel = [](char c) { return std::string_view("aeiou").find(c) < 5; };
  std::vector<std::string> out;
  for (const std::string& name : names) {
    if (name.size() < kWord || name.ends_with('s') || is_digit(name.back())) continue;
    const bool turns = name.ends_with('y') && !is_vowel(name[name.size() - 2]);
    static constexpr std::array<std::string_view, 4> kHissing = {"x", "z", "ch", "sh"};
    const bool hisses =
        std::ranges::any_of(kHissing, [&](std::string_view end) { return name.ends_with(end); });
    out.push_back(turns ? name.substr(0, name.size() - 1) + "ies" : name + (hisses ? "es" : "s"));
  }
  return out;
}

}  // namespace jaxsmith::plan
