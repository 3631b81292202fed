// What is done to statements whatever they are: names that they hold, and expressions within.
#pragma once

#include <cctype>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "source/layout.h"

namespace jaxsmith::source {

// All names that stand in a function: its own, those that it reads, and those of lambdas and
// comprehensions.
class Mentioned {
 public:
  explicit Mentioned(const FunctionDefinition& f) { add(f); }
  explicit Mentioned(const std::vector<Statement>& body) { add(body); }
  bool has(const std::string& word) const { return words_.contains(word); }

 private:
  void add(const Expr& e) {
    if (!e) return;
    if (e->kind == ExprKind::kName || e->kind == ExprKind::kLambda ||
        e->kind == ExprKind::kComprehension)
      add_words(e->text);
    for (const Expr& item : e->items) add(item);
  }

  void add_words(const std::string& text) {
    std::string word;
    for (const char c : text + ",") {
      const bool within = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
      if (within) word += c;
      if (within || word.empty()) continue;
      words_.insert(word);
      word.clear();
    }
  }

  void add(const FunctionDefinition& f) {
    words_.insert(f.name);
    for (const Parameter& p : f.parameters) words_.insert(p.name);
    add(f.body);
  }

  void add(const std::vector<Statement>& body) {
    for (const Statement& s : body) {
      if (const auto* a = std::get_if<Assign>(&s)) {
        for (const std::string& target : a->targets) add_words(target);
        add(a->value);
      }
      if (const auto* r = std::get_if<Return>(&s)) add(r->value);
      if (const auto* d = std::get_if<Definition>(&s)) add(*d->function);
      if (const auto* e = std::get_if<Evaluate>(&s)) add(e->value);
      if (const auto* i = std::get_if<If>(&s)) {
        add(i->condition);
        add(i->then->statements);
        if (i->otherwise) add(i->otherwise->statements);
      }
      if (const auto* l = std::get_if<For>(&s)) {
        for (const std::string& target : l->targets) add_words(target);
        add(l->over);
        add(l->body->statements);
      }
    }
  }

  std::set<std::string> words_;
};

// What the rule makes of an expression, from the inside out.
template <class Rule>
Expr rewritten(const Expr& e, const Rule& rule) {
  if (!e) return e;
  std::vector<Expr> items;
  bool changed = false;
  for (const Expr& item : e->items) {
    items.push_back(rewritten(item, rule));
    changed = changed || items.back() != item;
  }
  const Expr within =
      changed ? std::make_shared<Expression>(Expression{e->kind, e->text, std::move(items)}) : e;
  return rule(within);
}

// The same in all statements, those of functions within as well.
template <class Rule>
void rewrite(std::vector<Statement>& body, const Rule& rule) {
  const auto block = [&](std::shared_ptr<const Block>& b) {
    if (!b) return;
    Block copy = *b;
    rewrite(copy.statements, rule);
    b = std::make_shared<Block>(std::move(copy));
  };
  for (Statement& s : body) {
    if (auto* a = std::get_if<Assign>(&s)) a->value = rewritten(a->value, rule);
    if (auto* r = std::get_if<Return>(&s)) r->value = rewritten(r->value, rule);
    if (auto* e = std::get_if<Evaluate>(&s)) e->value = rewritten(e->value, rule);
    if (auto* d = std::get_if<Definition>(&s)) {
      FunctionDefinition copy = *d->function;
      rewrite(copy.body, rule);
      d->function = std::make_shared<FunctionDefinition>(std::move(copy));
    }
    if (auto* i = std::get_if<If>(&s)) {
      i->condition = rewritten(i->condition, rule);
      block(i->then);
      block(i->otherwise);
    }
    if (auto* l = std::get_if<For>(&s)) {
      l->over = rewritten(l->over, rule);
      block(l->body);
    }
  }
}

}  // namespace jaxsmith::source
