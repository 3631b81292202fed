// Purposes: what people do with a value of a kind, such as an angle or a log density, a row each;
// settings.h has those that are more than a row.
#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>
#include <stdexcept>
#include <utility>

#include "plan/jax/call_table.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/settings.h"

namespace jaxsmith::plan {
namespace {

std::string replaced(std::string text, const std::string& noun) {
  const std::size_t at = text.find("{}");
  if (at != std::string::npos) text.replace(at, 2, noun);
  return text;
}

// What values of a kind are called, or how they are made.
struct Kind {
  std::vector<std::string> words = {}, entries = {};
  std::vector<std::vector<std::string>> operands = {};  // by place; empty: any

  static Kind read(const std::string& text) {
    Kind out;
    if (!text.starts_with("by ")) {
      out.words = table_words(text);
      return out;
    }
    const std::size_t of = text.find(" of ");
    out.entries = table_words(text.substr(3, of - 3));
    for (std::string rest = of == std::string::npos ? "" : text.substr(of + 4); !rest.empty();) {
      const std::size_t end = rest.find(" / ");
      const std::string each = rest.substr(0, end);
      out.operands.push_back(each == "any" ? std::vector<std::string>{} : table_words(each));
      rest = end == std::string::npos ? "" : rest.substr(end + 3);
    }
    return out;
  }

  bool has(const Builder& b, ValueId id) const {
    if (entries.empty()) return true;
    const Node* made = node_of(b, id);
    if (made == nullptr || std::ranges::find(entries, made->op) == entries.end()) return false;
    for (std::size_t k = 0; k < operands.size(); ++k)
      if (k >= made->operands.size() ||
          (!operands[k].empty() && !goes_by(b[made->operands[k]], operands[k])))
        return false;
    return true;
  }
};

struct Purpose {
  Idiom::Words names;
  std::string says;
  CallSteps steps;
};

// Values of a kind: those of its type of element that go by its words, where these are what it is.
Accept of_kind(const std::string& kind, const Kind& made) {
  const std::vector<std::string>& words = made.words;
  if (words.empty() && made.entries.empty())
    throw std::logic_error("purposes: nothing is said to be called " + kind);
  const std::uint32_t elements = kind == "any_flags" ? kBoolKind
                                 : kind == "code" || kind == "position" || kind == "rank" ||
                                         kind == "bucket" || kind == "counts" ||
                                         kind.starts_with("whole_")
                                     ? kIntegers
                                 : kind == "any_spectrum" || kind == "spectrum" ? kComplexKind
                                                                                : kReal;
  return [=, fits = reals(0, 4)](const Value& v) {
    if ((kind_of(v.type.dtype) & elements) == 0) return false;
    if (elements == kReal && !fits(v)) return false;
    return words.empty() || words.front() == "any" || goes_by(v, words);
  };
}

// The operand of its type that the value was made of.
ValueId source_of(Idiom& i, const Featured& f) {
  const Builder& b = i.builder();
  for (const Node& node : b.body_of(b.current()).nodes) {
    if (std::ranges::find(node.results, f.id) == node.results.end()) continue;
    for (const ValueId id : node.operands)
      if (b[id].literal.empty() && b[id].type == f.type && !b[id].weak) return id;
  }
  return kNoValue;
}

// Purposes of a category for values of a kind.
struct Purposes {
  Kind kind;
  Accept fits;
  double weight = 1;
  std::vector<Purpose> rows = {};
};

Op purposes_in(const std::string& name, Category category, std::vector<Purposes> kinds) {
  const auto weights_for = [kinds](const Value& v) {
    std::vector<double> weights;
    for (const Purposes& kind : kinds) weights.push_back(kind.fits(v) ? kind.weight : 0);
    return weights;
  };
  const auto fits = [weights_for](const Value& v) {
    return std::ranges::any_of(weights_for(v), [](double weight) { return weight > 0; });
  };
  constexpr double kWeight = 8;
  return setting(name, category, kWeight, Derivative::kSmooth, fits,
                 [weights_for, kinds = std::move(kinds)](Idiom& i, const Featured& f) {
                   std::vector<double> weights = weights_for(i.builder()[f.id]);
                   for (std::size_t k = 0; k < kinds.size(); ++k)
                     if (!kinds[k].kind.has(i.builder(), f.id)) weights[k] = 0;
                   if (std::ranges::none_of(weights, [](double w) { return w > 0; })) i.fail();
                   const std::size_t kind = i.random().weighted(weights);
                   const Purpose& row = i.random().pick(kinds[kind].rows);
                   constexpr double kAfterValue = 0.2;
                   const bool plain = f.stem.find('_') == std::string::npos;
                   if (plain && i.chance(kAfterValue))
                     f.called(i, row.names.front(), row.names);
                   else
                     i.called(row.names);
                   i.summary(replaced(row.says, f.noun));
                   row.steps.write(i, f.id, source_of(i, f));
                 });
}

}  // namespace

std::vector<Op> purposes() {
  std::map<std::string, Kind> made;
  std::map<std::string, std::vector<Purposes>> kinds;  // by category
  Purposes* open = nullptr;
  for (const std::string& line : table_lines(purposes_table())) {
    const std::size_t equals = line.find(" = "), colon = line.find(" : ");
    if (line.starts_with(' ')) {
      const std::size_t second = line.find(" : ", colon + 3);
      open->rows.push_back({table_words(line.substr(2, colon - 2)),
                            line.substr(colon + 3, second - colon - 3),
                            CallSteps(line.substr(second + 3))});
    } else if (colon == std::string::npos) {
      made[line.substr(0, equals)] = Kind::read(line.substr(equals + 3));
    } else {
      const std::string kind = line.substr(0, colon);
      const std::vector<std::string> how = table_words(line.substr(colon + 3));
      open = &kinds[how.at(0)].emplace_back(
          Purposes{made[kind], of_kind(kind, made[kind]), std::stod(how.at(1))});
    }
  }
  std::vector<Op> out;
  for (const std::string name :
       {"arithmetic", "math", "array", "reduction", "indexing", "linear_algebra"})
    out.push_back(for_values_called(
        {"any"},  // each row's kind says what it takes
        purposes_in("purpose in " + name, category_named(name), std::move(kinds[name]))));
  return out;
}

}  // namespace jaxsmith::plan
