#include "source/packs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <numeric>

#include "source/spellings.h"

namespace jaxsmith::source {

using plan::Container;

namespace {

// As JAX flattens it: a dict by its keys.
void collect_leaves(const Nest& at, std::vector<std::size_t>& out) {
  if (at.is_member()) return out.push_back(at.member);
  std::vector<std::size_t> order(at.parts.size());
  std::iota(order.begin(), order.end(), 0);
  if (at.container == Container::kDict)
    std::ranges::sort(
        order, [&](std::size_t x, std::size_t y) { return at.parts[x].field < at.parts[y].field; });
  for (const std::size_t part : order) collect_leaves(at.parts[part], out);
}

std::size_t part_with(const Nest& at, std::size_t member) {
  const auto found = std::ranges::find_if(
      at.parts, [&](const Nest& part) { return std::ranges::count(members_of(part), member) > 0; });
  return static_cast<std::size_t>(found - at.parts.begin());
}

Expr put_together(const Nest& at, const std::vector<Expr>& members) {
  if (at.is_member()) return members[at.member];
  std::vector<Expr> items;
  for (const Nest& part : at.parts) {
    Expr item = put_together(part, members);
    if (at.container == Container::kDict) items.push_back(make(ExprKind::kString, part.field));
    if (has_class(at.container)) item = make(ExprKind::kKeyword, part.field, {item});
    items.push_back(std::move(item));
  }
  if (at.container == Container::kTuple)
    return at.list ? make(ExprKind::kList, "", std::move(items)) : tuple(std::move(items));
  if (at.container == Container::kDict) return make(ExprKind::kDict, "", std::move(items));
  return call(name(at.class_name), std::move(items));
}

// A class, dict[str, …], list[…] or tuple[…, ...]; without brackets where it holds several kinds.
std::string annotation_text(const Nest& at, const plan::Vocabulary& words) {
  if (at.is_member()) return words.annotation;
  if (has_class(at.container)) return at.class_name;
  std::vector<std::string> held;
  for (const Nest& part : at.parts) held.push_back(annotation_text(part, words));
  const bool alike = std::ranges::count(held, held[0]) == std::ssize(held);
  if (at.container == Container::kDict)
    return alike ? fmt::format("dict[str, {}]", held[0]) : "dict";
  if (at.list) return alike ? fmt::format("list[{}]", held[0]) : "list";
  if (alike) return fmt::format("tuple[{}, ...]", held[0]);
  return fmt::format("tuple[{}]", fmt::join(held, ", "));
}

void collect_classes(const Nest& at, const plan::Vocabulary& words,
                     const std::vector<std::string>& comments, std::vector<ClassDefinition>& out) {
  for (const Nest& part : at.parts) collect_classes(part, words, comments, out);
  const bool known = std::ranges::any_of(
      out, [&](const ClassDefinition& other) { return other.name == at.class_name; });
  if (at.is_member() || !has_class(at.container) || known) return;
  ClassDefinition made;
  made.name = at.class_name;
  if (at.container == Container::kNamedTuple)
    made.base = name("NamedTuple");
  else
    made.decorators = {parsed(words.dataclass_decorator), name("dataclass")};
  for (const Nest& part : at.parts)
    made.fields.push_back({part.field, parsed(annotation_text(part, words)),
                           part.is_member() && part.member < comments.size() ? comments[part.member]
                                                                             : std::string()});
  out.push_back(std::move(made));
}

}  // namespace

bool has_class(Container container) {
  return container == Container::kNamedTuple || container == Container::kDataclass;
}

bool named_tuple_may_have(const std::vector<std::string>& fields) {
  return std::none_of(fields.begin(), fields.end(), [](const std::string& field) {
    return field == "count" || field == "index" || field.starts_with("_");
  });
}

std::string class_name_of(const std::string& name) {
  std::string out;
  bool begins = true;
  for (const char c : name) {
    if (c != '_')
      out += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    begins = c == '_';
  }
  return out;
}

Nest whole_of(const PackForm& form) {
  Nest out{{}, 0, form.parts, form.container, false, form.class_name};
  for (std::size_t i = 0; i < form.fields.size() && form.parts.empty(); ++i)
    out.parts.push_back({form.fields[i], i});
  return out;
}

std::vector<std::size_t> members_of(const Nest& part) {
  if (part.is_member()) return {part.member};
  std::vector<std::size_t> out;
  for (const Nest& each : part.parts)
    for (const std::size_t member : members_of(each)) out.push_back(member);
  return out;
}

std::vector<std::size_t> leaf_order(const PackForm& form) {
  std::vector<std::size_t> out;
  collect_leaves(whole_of(form), out);
  return out;
}

Expr part_of(const Nest& container, const Expr& whole, std::size_t part) {
  const std::string& field = container.parts[part].field;
  switch (container.container) {
    case Container::kTuple:
      return make(ExprKind::kSubscript, "", {whole, number(std::to_string(part))});
    case Container::kDict:
      return make(ExprKind::kSubscript, "", {whole, make(ExprKind::kString, field)});
    case Container::kNamedTuple:
    case Container::kDataclass:
      break;
  }
  return make(ExprKind::kAttribute, field, {whole});
}

Expr element_of(const PackForm& form, const Expr& whole, std::size_t member) {
  Nest at = whole_of(form);
  Expr out = whole;
  while (!at.is_member()) {
    const std::size_t part = part_with(at, member);
    out = part_of(at, out, part);
    at = Nest(at.parts[part]);
  }
  return out;
}

std::string path_of(const PackForm& form, const std::string& whole, std::size_t member) {
  Nest at = whole_of(form);
  std::string out = whole;
  while (!at.is_member()) {
    const std::size_t part = part_with(at, member);
    const std::string& field = at.parts[part].field;
    if (at.container == Container::kTuple)
      out += fmt::format("[{}]", part);
    else
      out += at.container == Container::kDict ? fmt::format("['{}']", field) : "." + field;
    at = Nest(at.parts[part]);
  }
  return out;
}

Expr pack_of(const PackForm& form, const std::vector<Expr>& members) {
  return put_together(whole_of(form), members);
}

std::vector<ClassDefinition> classes_of(const PackForm& form, const plan::Vocabulary& words,
                                        const std::vector<std::string>& comments) {
  std::vector<ClassDefinition> out;
  collect_classes(whole_of(form), words, comments, out);
  return out;
}

Expr annotation_of(const PackForm& form, const plan::Vocabulary& words) {
  return parsed(annotation_text(whole_of(form), words));
}

Expr annotation_of_results(const plan::Body& b, const plan::Vocabulary& words) {
  if (!b.packed_results.empty()) return nullptr;
  if (b.returns == plan::Returns::kDict)
    return parsed(fmt::format("dict[str, {}]", words.annotation));
  if (b.returns == plan::Returns::kTuple && b.results.size() > 1)
    return parsed(fmt::format("tuple[{}, ...]", words.annotation));
  return b.result_groups.empty() ? parsed(words.annotation) : nullptr;
}

std::vector<Expr> grouped(const std::vector<Expr>& flat, const std::vector<int>& groups) {
  if (groups.empty()) return flat;
  std::vector<Expr> out;
  std::size_t at = 0;
  for (int group : groups) {
    if (group == 0) {
      out.push_back(flat[at++]);
      continue;
    }
    out.push_back(tuple({flat.begin() + static_cast<std::ptrdiff_t>(at),
                         flat.begin() + static_cast<std::ptrdiff_t>(at) + group}));
    at += static_cast<std::size_t>(group);
  }
  if (out.size() == 1) return out[0]->items;
  return out;
}

bool stands_alone(const plan::Body& b, std::size_t parameter) {
  std::size_t at = 0;
  for (const int group : b.parameter_groups) {
    if (parameter < at + static_cast<std::size_t>(std::max(group, 1))) return group == 0;
    at += static_cast<std::size_t>(std::max(group, 1));
  }
  return true;
}

}  // namespace jaxsmith::source
