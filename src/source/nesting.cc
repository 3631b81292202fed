#include "source/nesting.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "plan/scopes.h"
#include "source/names.h"

namespace jaxsmith::source {

using plan::Container;

namespace {

// Of packs of three or more so many are divided, where their members allow it.
constexpr double kNested = 0.9;
// So many groups that are large enough are divided again.
constexpr double kDeeper = 0.8;
constexpr int kDeepest = 3;

struct Item {
  std::string field;
  std::size_t member;
  int rank;
};

using Items = std::vector<Item>;

struct Group {
  std::string field;
  Items items;  // with what they are called in it
  bool numbered = false;
};

using Groups = std::vector<Group>;

bool digits(const std::string& word) {
  return std::ranges::all_of(word, [](unsigned char c) { return std::isdigit(c) != 0; });
}

// "w_out" and "w1" are "w" and "out", "w" and "1".
std::vector<std::string> words_of(const std::string& field) {
  std::vector<std::string> out(1);
  for (const char c : field) {
    const bool number = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (c == '_' || (number && !out.back().empty() && !digits(out.back()))) out.emplace_back();
    if (c != '_') out.back() += c;
  }
  return out;
}

std::string without(const std::string& field, const std::string& word) {
  std::vector<std::string> words = words_of(field);
  words.erase(std::ranges::find(words, word));
  return fmt::format("{}", fmt::join(words, "_"));
}

// What a layer has: where a number is of something else ("x0", "v0"), it makes no layer.
bool is_of_layer(const Item& item, const std::string& number) {
  const std::vector<std::string> own = words_of(item.field);
  return std::ranges::count(own, number) > 0 &&
         std::ranges::any_of(own, [](const std::string& word) {
           return word == "w" || word == "weight" || word == "weights" || word == "kernel";
         });
}

// What a group is called whose members share a word; empty: the word says nothing by itself.
std::string field_of_word(const std::string& word, const Items& items) {
  if (digits(word))
    return std::ranges::any_of(items, [&](const Item& item) { return is_of_layer(item, word); })
               ? "layer_" + word
               : std::string();
  if (word == "count" || word == "index") return {};  // what a tuple has
  if (word == "in") return "input";
  if (word == "out") return "output";
  return word.size() > 1 && is_usable(word) ? word : std::string();
}

bool differ(const Items& items) {
  std::set<std::string> fields;
  for (const Item& item : items)
    if (!is_usable(item.field) || !fields.insert(item.field).second) return false;
  return true;
}

bool has_axis(const Items& items) {
  return std::ranges::any_of(items, [](const Item& item) { return item.rank > 0; });
}

bool alike(const Group& x, const Group& y) {
  return std::ranges::equal(x.items, y.items, [](const Item& a, const Item& b) {
    return a.field == b.field && a.rank == b.rank;
  });
}

// Members that share a word, of those that are in no group yet.
Group sharing(const Items& items, const std::string& word, const std::set<std::size_t>& taken) {
  Group out{field_of_word(word, items), {}, digits(word)};
  for (const Item& item : items) {
    const std::vector<std::string> own = words_of(item.field);
    if (own.size() > 1 && std::ranges::count(own, word) == 1 && !taken.contains(item.member))
      out.items.push_back({without(item.field, word), item.member, item.rank});
  }
  if (out.field.empty() || out.items.size() < 2 || !differ(out.items)) out.items.clear();
  return out;
}

// Members of one number are a layer where others are of the same form; of numbers alone, such as
// rates of a method, they are none.
Groups layers(const Items& items, const std::vector<std::string>& numbers) {
  Groups all, out;
  std::set<std::size_t> taken;
  for (const std::string& number : numbers) {
    Group group = sharing(items, number, taken);
    if (!has_axis(group.items)) continue;
    for (const Item& item : group.items) taken.insert(item.member);
    all.push_back(std::move(group));
  }
  for (const Group& group : all)
    if (std::ranges::count_if(all, [&](const Group& other) { return alike(group, other); }) > 1)
      out.push_back(group);
  return out;
}

Groups by_word(const Items& items, Random& random) {
  std::vector<std::string> words;
  for (const Item& item : items)
    for (const std::string& word : words_of(item.field))
      if (std::ranges::find(words, word) == words.end()) words.push_back(word);
  random.shuffle(words);
  const auto named = std::ranges::stable_partition(words, digits);
  Groups out = layers(items, std::vector<std::string>(words.begin(), named.begin()));
  std::set<std::size_t> taken;
  const auto take = [&](const Group& group) {
    for (const Item& item : group.items) taken.insert(item.member);
  };
  std::ranges::for_each(out, take);
  for (const std::string& word : named) {
    Group group = sharing(items, word, taken);
    if (group.items.empty()) continue;
    take(group);
    out.push_back(std::move(group));
  }
  return out;
}

// The arguments of each function of the module that the body calls, under its name: its own, which
// nothing else takes, and not only numbers.
Groups by_function(const plan::Program& program, const plan::Body& body,
                   const std::vector<plan::ValueId>& ids, const Items& items) {
  Groups out;
  const auto takes = [&](const plan::Node& node, const Item& item) {
    return std::ranges::find(node.operands, ids[item.member]) != node.operands.end();
  };
  for (const plan::Node& node : body.nodes) {
    if (node.bodies.size() != 1 || !plan::begins_with_call(node)) continue;
    const plan::Body& called = program.bodies[static_cast<std::size_t>(node.bodies[0])];
    const bool known =
        std::ranges::any_of(out, [&](const Group& other) { return other.field == called.hint; });
    if (called.placement != plan::Placement::kHelper || !is_usable(called.hint) || known) continue;
    Group group{called.hint, {}};
    for (const Item& item : items) {
      const bool alone = std::ranges::none_of(body.nodes, [&](const plan::Node& other) {
        return takes(other, item) && other.bodies != node.bodies;
      });
      if (alone && takes(node, item)) group.items.push_back(item);
    }
    if (group.items.size() > 1 && has_axis(group.items)) out.push_back(std::move(group));
  }
  return out;
}

class Nesting {
 public:
  Nesting(const PackForm& form, const std::string& pack, Random& random, const ClaimClass& claim)
      : pack_(pack), random_(random), claim_(claim) {
    inner_ = Container::kDict;
    if (form.container == Container::kTuple && random.chance(0.6)) inner_ = Container::kTuple;
    if (form.container != Container::kTuple && random.chance(0.3)) inner_ = Container::kNamedTuple;
    if (form.container == Container::kDataclass && random.chance(0.3))
      inner_ = Container::kDataclass;
    if (form.container == Container::kNamedTuple && random.chance(0.2))
      inner_ = Container::kNamedTuple;
  }

  // Empty: the groups do not divide the items.
  std::vector<Nest> divided(const Items& items, const Groups& groups, int depth) {
    std::set<std::string> fields;
    std::set<std::size_t> grouped;
    for (const Group& group : groups) {
      if (!fields.insert(group.field).second) return {};
      for (const Item& item : group.items) grouped.insert(item.member);
    }
    if (groups.empty() || (groups.size() == 1 && grouped.size() == items.size())) return {};
    for (const Item& item : items)
      if (!grouped.contains(item.member) && !fields.insert(item.field).second) return {};
    std::vector<Nest> out;
    if (const std::size_t count = numbered(groups); count > 1 && !fields.contains("layers")) {
      out.push_back(list_of({groups.begin(), groups.begin() + static_cast<std::ptrdiff_t>(count)}));
      for (std::size_t i = count; i < groups.size(); ++i)
        out.push_back(container_of(groups[i], depth));
    } else {
      for (const Group& group : groups) out.push_back(container_of(group, depth));
    }
    for (const Item& item : items)
      if (!grouped.contains(item.member)) out.push_back({item.field, item.member});
    // Most stand where the first of their members stood.
    if (random_.chance(0.7))
      std::ranges::stable_sort(out, {},
                               [](const Nest& part) { return std::ranges::min(members_of(part)); });
    return out;
  }

 private:
  // So many groups at the front are layers of one form.
  static std::size_t numbered(const Groups& groups) {
    std::size_t count = 0;
    while (count < groups.size() && groups[count].numbered && alike(groups[0], groups[count]))
      ++count;
    return count;
  }

  Nest list_of(Groups layers) {
    // By number: layer_2 comes before layer_10.
    std::ranges::sort(
        layers, {}, [](const Group& group) { return std::pair(group.field.size(), group.field); });
    Nest out{"layers", 0, {}, Container::kTuple, true};
    for (const Group& layer : layers) {
      Nest part = container_of(layer, kDeepest);
      if (part.container == Container::kTuple) part.container = Container::kDict;
      if (out.parts.empty() && has_class(part.container)) part.class_name = claim_("Layer");
      if (!out.parts.empty()) part.class_name = out.parts[0].class_name;
      out.parts.push_back(std::move(part));
    }
    return out;
  }

  Nest container_of(const Group& group, int depth) {
    Nest out{group.field, 0, {}, inner_};
    std::vector<std::string> fields;
    for (const Item& item : group.items) fields.push_back(item.field);
    if (group.items.size() > 2 && depth < kDeepest && random_.chance(kDeeper)) {
      out.parts = divided(group.items, by_word(group.items, random_), depth + 1);
    }
    if (out.parts.empty())
      for (const Item& item : group.items) out.parts.push_back({item.field, item.member});
    if (has_class(out.container) && !named_tuple_may_have(fields)) out.container = Container::kDict;
    if (out.container == Container::kTuple && out.parts.size() > 3)
      out.container = Container::kDict;
    if (has_class(out.container) && depth < kDeepest)
      out.class_name = claim_(class_name_of(group.field + "_" + pack_));
    return out;
  }

  const std::string& pack_;
  Random& random_;
  const ClaimClass& claim_;
  Container inner_;
};

}  // namespace

std::vector<Nest> nested_parts(const plan::Program& program, const plan::Body& body,
                               const std::vector<plan::ValueId>& ids, const PackForm& form,
                               const std::string& pack, Random random, const ClaimClass& claim) {
  random = random.fork("nested");
  if (ids.size() < 3 || !random.chance(kNested)) return {};
  Items items;
  for (std::size_t i = 0; i < ids.size(); ++i)
    items.push_back(
        {form.fields[i], i, program.values[static_cast<std::size_t>(ids[i])].type.rank()});
  Nesting nesting(form, pack, random, claim);
  for (const Groups& groups : {by_function(program, body, ids, items), by_word(items, random)})
    if (std::vector<Nest> parts = nesting.divided(items, groups, 1); !parts.empty()) return parts;
  return {};
}

}  // namespace jaxsmith::source
