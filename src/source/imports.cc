#include "source/imports.h"

#include <set>

namespace jaxsmith::source {
namespace {

void add(const Expr& e, std::set<std::string>& used) {
  if (!e) return;
  for (const std::string& n : free_names(e)) used.insert(n);
}

void add(const FunctionDefinition& f, std::set<std::string>& used);

void add(const std::vector<Statement>& statements, std::set<std::string>& used) {
  for (const Statement& s : statements) {
    if (const auto* a = std::get_if<Assign>(&s)) add(a->value, used);
    if (const auto* r = std::get_if<Return>(&s)) add(r->value, used);
    if (const auto* d = std::get_if<Definition>(&s)) add(*d->function, used);
    if (const auto* e = std::get_if<Evaluate>(&s)) add(e->value, used);
    if (const auto* i = std::get_if<If>(&s)) {
      add(i->condition, used);
      add(i->then->statements, used);
      if (i->otherwise) add(i->otherwise->statements, used);
    }
    if (const auto* loop = std::get_if<For>(&s)) {
      add(loop->over, used);
      add(loop->body->statements, used);
    }
  }
}

void add(const FunctionDefinition& f, std::set<std::string>& used) {
  for (const Expr& d : f.decorators) add(d, used);
  for (const Parameter& p : f.parameters) {
    add(p.annotation, used);
    add(p.default_value, used);
  }
  add(f.returns, used);
  add(f.body, used);
}

}  // namespace

std::vector<std::string> imports_of(const Module& module, const plan::Vocabulary& words) {
  std::set<std::string> used;
  for (const Assign& a : module.constants) add(a.value, used);
  for (const ClassDefinition& c : module.classes) {
    for (const Expr& d : c.decorators) add(d, used);
    add(c.base, used);
    for (const Field& f : c.fields) add(f.annotation, used);
  }
  for (const FunctionDefinition& f : module.functions) add(f, used);
  std::vector<std::string> out;
  for (const std::string& n : used) {
    if (const auto found = words.imports.find(n); found != words.imports.end())
      out.push_back(found->second);
  }
  return out;
}

}  // namespace jaxsmith::source
