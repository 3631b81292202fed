#include "source/packs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <numeric>

#include "source/spellings.h"

namespace jaxsmith::source {

using plan::Container;

namespace {

Expr make(ExprKind kind, std::string text, std::vector<Expr> items = {}) {
  return std::make_shared<Expression>(Expression{kind, std::move(text), std::move(items)});
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

std::vector<std::size_t> leaf_order(const PackForm& form) {
  std::vector<std::size_t> out(form.fields.size());
  std::iota(out.begin(), out.end(), 0);
  if (form.container == Container::kDict)
    std::sort(out.begin(), out.end(),
              [&](std::size_t x, std::size_t y) { return form.fields[x] < form.fields[y]; });
  return out;
}

Expr element_of(const PackForm& form, const Expr& whole, std::size_t member) {
  switch (form.container) {
    case Container::kTuple:
      return make(ExprKind::kSubscript, "", {whole, number(std::to_string(member))});
    case Container::kDict:
      return make(ExprKind::kSubscript, "", {whole, make(ExprKind::kString, form.fields[member])});
    case Container::kNamedTuple:
    case Container::kDataclass:
      break;
  }
  return make(ExprKind::kAttribute, form.fields[member], {whole});
}

std::string path_of(const PackForm& form, const std::string& whole, std::size_t member) {
  switch (form.container) {
    case Container::kTuple:
      return fmt::format("{}[{}]", whole, member);
    case Container::kDict:
      return fmt::format("{}['{}']", whole, form.fields[member]);
    case Container::kNamedTuple:
    case Container::kDataclass:
      break;
  }
  return whole + "." + form.fields[member];
}

Expr pack_of(const PackForm& form, const std::vector<Expr>& members) {
  if (form.container == Container::kTuple) return tuple(members);
  std::vector<Expr> items;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (form.container == Container::kDict) {
      items.push_back(make(ExprKind::kString, form.fields[i]));
      items.push_back(members[i]);
    } else {
      items.push_back(make(ExprKind::kKeyword, form.fields[i], {members[i]}));
    }
  }
  if (form.container == Container::kDict) return make(ExprKind::kDict, "", std::move(items));
  return call(name(form.class_name), std::move(items));
}

ClassDefinition class_of(const PackForm& form, const plan::Vocabulary& words,
                         const std::vector<std::string>& comments) {
  ClassDefinition out;
  out.name = form.class_name;
  if (form.container == Container::kNamedTuple)
    out.base = name("NamedTuple");
  else
    out.decorators = {parsed(words.dataclass_decorator), name("dataclass")};
  for (std::size_t i = 0; i < form.fields.size(); ++i)
    out.fields.push_back({form.fields[i], parsed(words.annotation),
                          i < comments.size() ? comments[i] : std::string()});
  return out;
}

Expr annotation_of(const PackForm& form, const plan::Vocabulary& words) {
  if (has_class(form.container)) return name(form.class_name);
  const bool dict = form.container == Container::kDict;
  return parsed(fmt::format("{}[{}{}{}]", dict ? "dict" : "tuple", dict ? "str, " : "",
                            words.annotation, dict ? "" : ", ..."));
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
