// The renderer of one program: its names, its statements, and how far it has come. Private to this
// folder; render.h is what others use. Steps are in render.cc, functions in render_functions.cc,
// loops of Python's in render_loops.cc, what stands as one in render_packs.cc.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "plan/program.h"
#include "source/commentary.h"
#include "source/expression.h"
#include "source/layout.h"
#include "source/names.h"
#include "source/packs.h"
#include "source/spellings.h"
#include "source/style.h"
#include "source/wording.h"

namespace jaxsmith::source {

class Renderer {
 public:
  Renderer(const plan::Program& program, const std::string& transformation);
  Module module();
  const std::string& entry_name() const { return entry_name_; }
  // Of the root, in the order in which JAX takes its arguments and its results apart: positions of
  // its parameters and results.
  const std::vector<std::size_t>& argument_order() const { return argument_order_; }
  const std::vector<std::size_t>& result_order() const { return result_order_; }
  // By position: "params['w']".
  const std::vector<std::string>& parameters() const { return entry_parameters_; }
  const std::vector<std::string>& result_names() const { return entry_results_; }
  const std::string& argument_tree() const { return argument_tree_; }

 private:
  struct Frame {
    Names names;
    int indentation = 4;
    std::vector<Statement> statements;
    std::map<plan::ValueId, Expr> pending;  // rendered, not written yet: goes into its only use
  };

  // ---- Steps

  const plan::Value& value(plan::ValueId id) const;
  const plan::Body& body(plan::BodyId id) const {
    return program_.bodies[static_cast<std::size_t>(id)];
  }
  Expr operand(Frame& frame, plan::ValueId id);
  void write(Frame& frame, std::vector<std::string> targets, Expr e, std::string behind = {});
  bool in_entry(plan::BodyId id) const;
  void write_step(Frame& frame, const plan::Node& node, const Expr& e, Random& random);
  Expr named_function(Frame& frame, const Expr& e);
  void settle(Frame& frame, plan::ValueId id);
  std::string claim_result(Frame& frame, plan::ValueId id);
  std::vector<std::string> names_for_result(plan::ValueId id) const;
  std::vector<std::string> targets(Frame& frame, const plan::Node& node);
  void settle_repeated(Frame& frame, const plan::Node& node);
  Expr expression_of(Frame& frame, const plan::Node& node, const std::vector<Expr>& functions);
  bool may_inline(const Frame&, const plan::Node& node, const Expr& e, Random& random) const;
  void render_node(Frame& frame, const plan::Node& node);

  // ---- Functions

  Expr function(Frame& frame, plan::BodyId id, bool several, Random& random);
  void note_handed_over(const plan::Node& call);
  std::vector<std::string> words_for_parameter(plan::ValueId model, bool top, Random& random) const;
  FunctionDefinition define(plan::BodyId id, Names& outer, int indentation);
  static Expr without_name(Frame& frame, const Expr& returned);
  std::string name_of(const plan::Body& b, bool top, const std::string& subject,
                      const std::vector<std::string>& labels, Random& random);
  Docstring said_of(const plan::Body& b, const std::string& name,
                    const std::vector<std::string>& names, const std::vector<std::string>& labels,
                    Random& random) const;
  std::vector<Argument> arguments_of(const plan::Body& b,
                                     const std::vector<std::string>& names) const;
  void add_parameters(FunctionDefinition& f, const plan::Body& b,
                      const std::vector<std::string>& names, Frame& frame, bool top);
  std::vector<std::string> shown(const plan::Body& b, std::vector<std::string> names) const;
  NamedTypes with_types(const std::vector<std::string>& names,
                        const std::vector<plan::ValueId>& ids) const;
  const plan::Vocabulary& vocabulary() const { return program_.catalogue->vocabulary(); }
  const std::string& array_annotation() const { return vocabulary().annotation; }
  bool annotated() const;
  Expr result(Frame& frame, const plan::Body& b, std::vector<std::string>& labels);

  // ---- Loops of Python's

  static bool awaited(const Frame& frame, const std::string& name);
  std::pair<std::vector<std::string>, Expr> header_of(Frame& frame, const plan::Node& node);
  void begin_carry(Frame& frame, plan::ValueId init, plan::ValueId parameter, plan::BodyId within);
  std::size_t last_read(const plan::Body& step, plan::ValueId id) const;
  bool reads(const plan::Node& node, plan::ValueId id) const;
  void note_next(const plan::Body& step, std::size_t carries, std::size_t first_parameter);
  void end_turn(Frame& frame, const plan::Body& step, const std::vector<std::string>& carried,
                const std::vector<std::string>& lists);
  static Expr as_comprehension(const std::vector<Statement>& turn,
                               const std::vector<std::string>& targets, const Expr& over,
                               std::size_t carries);
  void render_loop(Frame& frame, const plan::Node& node);

  // ---- Packs

  const std::vector<std::size_t>& members_of(const plan::Packed& packed) const;
  std::vector<std::string> names_of(const std::vector<plan::ValueId>& ids) const;
  Expr together(Frame& frame, const std::vector<plan::ValueId>& values, const plan::Packed& packed);
  const PackForm& form_of(std::size_t pack, const plan::Body& b,
                          const std::vector<plan::ValueId>& ids,
                          const std::vector<std::string>& fields,
                          const std::vector<std::string>& shapes);
  void add_packs(FunctionDefinition& f, const plan::Body& b, const std::vector<std::string>& names,
                 Frame& frame, const Expr& annotation, const std::vector<std::string>& comments);
  void take_apart(Frame& frame, const std::vector<plan::ValueId>& ids, const Nest& at,
                  const Expr& whole, bool unpacked, const std::vector<std::string>& names);
  void name_elements(Frame& frame, plan::Container container, const Expr& whole,
                     const std::vector<std::string>& targets, const std::vector<std::string>& all,
                     const std::vector<Expr>& elements);
  std::string claim_pack(Frame& frame, const plan::Node& node, const plan::Packed& packed);
  void describe_arguments(const plan::Body& b, const std::vector<std::string>& names);
  void describe_results(const plan::Body& b, const std::vector<std::string>& labels);
  bool named_results(const plan::Body& b, const std::vector<std::string>& labels) const;
  Expr class_of_results(const plan::Body& b, const std::vector<std::string>& labels,
                        const std::vector<Expr>& items);

  const plan::Program& program_;
  std::string transformation_;
  Random random_;
  Style style_;
  const plan::Dialect* dialect_;  // none: the usual words
  plan::Origins origins_;
  Subjects subjects_;
  Commentary commentary_;
  std::set<plan::ValueId> captured_;
  // Parameters of functions that are called with what a step has computed.
  std::set<plan::ValueId> computed_;
  std::map<plan::ValueId, std::string> names_;
  // Results of a loop's step that take the name of what is carried.
  std::map<plan::ValueId, plan::ValueId> next_of_;
  std::map<plan::BodyId, std::string> function_names_;
  std::set<std::string> ledger_;
  Names module_names_{nullptr, &ledger_};
  Module module_;
  std::string entry_name_;
  std::vector<std::string> entry_parameters_, entry_results_;
  std::vector<std::size_t> argument_order_, result_order_;
  std::string argument_tree_, result_class_;
  std::map<std::size_t, PackForm> forms_;   // by pack
  std::map<plan::ValueId, Expr> wholes_;    // by the first of the values that come as one
  std::map<plan::ValueId, Expr> elements_;  // of packs, which have no names of their own
};

}  // namespace jaxsmith::source
