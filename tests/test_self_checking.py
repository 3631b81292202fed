"""Modules that check themselves, in the forms of StableHLO's interpreter: each holds with what is expected
of it, and does not with another number."""

import re

import pytest
from test_check import jaxsmith

TOKEN = "!stablehlo.token"


def parallel(function, inputs, outputs, programs, checks, more=""):
    """A module whose main runs a function on several processes. Inputs are constants, by process."""
    lines = [f"  %i{i} = stablehlo.constant {value}" for i, value in enumerate(inputs)]
    lines.append(f"  %t = stablehlo.create_token : {TOKEN}")
    names = ", ".join("%t" if value == TOKEN else f"%i{i}" for i, value in enumerate(inputs))
    lines = [line for line in lines if not line.endswith(f"constant {TOKEN}")]
    types = ", ".join(value.split(" : ")[-1] for value in inputs)
    lines.append(
        f'  %r:{len(outputs)} = "interpreter.run_parallel"({names}) {{programs = {programs}{more}}} : '
        f"({types}) -> ({', '.join(outputs)})"
    )
    lines += [f"  check.expect_eq_const %r#{i}, {value}" for i, value in checks]
    return "\n".join([function, "func.func @main() {", *lines, "  return", "}"])


SUM = """({
  ^bb0(%a: tensor<i32>, %b: tensor<i32>):
    %s = stablehlo.add %a, %b : tensor<i32>
    stablehlo.return %s : tensor<i32>
  })"""

# By name: a module that holds, what to write in place of what so that it does not.
MODULES = {
    "tolerance behind the type": (
        """func.func @f() {
  %a = stablehlo.constant dense<[2.0, 3.0]> : tensor<2xf64>
  check.expect_almost_eq_const %a, dense<[2.0, 3.000001]> : tensor<2xf64>, tolerance = 1.0e-5
  return
}""",
        ("1.0e-5", "1.0e-7"),
    ),
    "absolute tolerance": (
        """func.func @f() {
  %a = stablehlo.constant dense<5000.0> : tensor<f64>
  %b = stablehlo.constant dense<5000.0005> : tensor<f64>
  check.expect_almost_eq %a, %b : tensor<f64>
  return
}""",
        ("5000.0005", "5000.5"),
    ),
    "few bits are not rounding": (
        """func.func @f() {
  %a = stablehlo.constant dense<[1.5, -3.0]> : tensor<2xf4E2M1FN>
  check.expect_almost_eq_const %a, dense<[1.5, -3.0]> : tensor<2xf4E2M1FN>
  %b = stablehlo.convert %a : (tensor<2xf4E2M1FN>) -> tensor<2xf6E3M2FN>
  %c = stablehlo.add %b, %b : tensor<2xf6E3M2FN>
  check.expect_almost_eq_const %c, dense<[3.0, -6.0]> : tensor<2xf6E3M2FN>
  return
}""",
        ("[3.0, -6.0]", "[3.5, -6.0]"),
    ),
    "no nearer than": (
        """func.func @f() {
  %a = stablehlo.constant dense<[1.0, 0x00000000]> : tensor<2xf32>
  %b = stablehlo.constant dense<[0x3F800002, 0x80000002]> : tensor<2xf32>
  check.expect_close %a, %b, max_ulp_difference = 2, min_ulp_difference = 2 : tensor<2xf32>, tensor<2xf32>
  return
}""",
        ("0x80000002", "0x80000001"),
    ),
    "infinities are farthest apart": (
        """func.func @f() {
  %a = stablehlo.constant dense<[0x7F800000, 0x7F800000]> : tensor<2xf32>
  %b = stablehlo.constant dense<[0xFF800000, 0x7F7FFFFF]> : tensor<2xf32>
  "check.expect_close"(%a, %b) <{max_ulp_difference = 18446744073709551615 : ui64,
      min_ulp_difference = 18446744073709551615 : ui64}> : (tensor<2xf32>, tensor<2xf32>) -> ()
  return
}""",
        ("0xFF800000", "0x7F800000"),
    ),
    "older names": (
        """func.func @f() {
  %a = stablehlo.constant dense<[7, 8]> : tensor<2xi16>
  check.eq %a, dense<[7, 8]> : tensor<2xi16>
  %b = interpreter.print %a : tensor<2xi16>
  %c = stablehlo.convert %b : (tensor<2xi16>) -> tensor<2xf32>
  check.almost_eq %c, dense<[7.0001, 8.0]> : tensor<2xf32>
  return
}""",
        ("7.0001", "7.01"),
    ),
    "several functions without a main": (
        """func.func @f() {
  %a = stablehlo.constant dense<1> : tensor<i32>
  check.expect_eq_const %a, dense<1> : tensor<i32>
  return
}
func.func @g() {
  %a = stablehlo.constant dense<2> : tensor<i32>
  check.expect_eq_const %a, dense<2> : tensor<i32>
  return
}""",
        ("_const %a, dense<2>", "_const %a, dense<3>"),
    ),
    "modules within a module": (
        """module {
  module @a {
    func.func @main() {
      %a = stablehlo.constant dense<1> : tensor<i32>
      check.expect_eq_const %a, dense<1> : tensor<i32>
      return
    }
  }
  "builtin.module"() <{sym_name = "b"}> ({
    func.func @main() {
      %a = stablehlo.constant dense<[[1, 2]]> : tensor<1x2xi32>
      check.expect_eq_const %a, dense<[[1, 2]]> : tensor<1x2xi32>
      return
    }
  }) : () -> ()
  module @c {
    func.func @main() {
      %a = stablehlo.constant dense<5> : tensor<i32>
      check.expect_eq_const %a, dense<5> : tensor<i32>
      return
    }
  }
}""",
        ("_const %a, dense<5>", "_const %a, dense<6>"),
    ),
    "a function that calls itself": (
        """func.func @factorial(%n: tensor<i64>) -> tensor<i64> {
  %one = stablehlo.constant dense<1> : tensor<i64>
  %end = stablehlo.compare LE, %n, %one : (tensor<i64>, tensor<i64>) -> tensor<i1>
  %r = "stablehlo.if"(%end) ({
    stablehlo.return %one : tensor<i64>
  }, {
    %m = stablehlo.subtract %n, %one : tensor<i64>
    %below = func.call @factorial(%m) : (tensor<i64>) -> tensor<i64>
    %here = stablehlo.multiply %n, %below : tensor<i64>
    stablehlo.return %here : tensor<i64>
  }) : (tensor<i1>) -> tensor<i64>
  return %r : tensor<i64>
}
func.func @main() {
  %n = stablehlo.constant dense<10> : tensor<i64>
  %r = call @factorial(%n) : (tensor<i64>) -> tensor<i64>
  check.expect_eq_const %r, dense<3628800> : tensor<i64>
  return
}""",
        ("dense<3628800>", "dense<3628801>"),
    ),
    "division without a quotient": (
        """func.func @f() {
  %x = stablehlo.constant dense<[7, -128, 9]> : tensor<3xi8>
  %y = stablehlo.constant dense<[0, -1, -2]> : tensor<3xi8>
  %q = stablehlo.divide %x, %y : tensor<3xi8>
  check.expect_eq_const %q, dense<[0, 0, -4]> : tensor<3xi8>
  %r = stablehlo.remainder %x, %y : tensor<3xi8>
  check.expect_eq_const %r, dense<[0, 0, 1]> : tensor<3xi8>
  return
}""",
        ("[0, 0, -4]", "[-1, 0, -4]"),
    ),
    "weak order": (
        """func.func @f() {
  %x = stablehlo.constant dense<[0xFFC00000, 0x7FC00000, -0.0, 1.0]> : tensor<4xf32>
  %y = stablehlo.constant dense<[0x7FC00000, 0x7F800000, 0.0, 0xFFC00000]> : tensor<4xf32>
  %lt = stablehlo.compare LT, %x, %y, WEAKORDER : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  check.expect_eq_const %lt, dense<[false, false, false, true]> : tensor<4xi1>
  %ge = stablehlo.compare GE, %x, %y, WEAKORDER : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xi1>
  check.expect_eq_const %ge, dense<[true, true, true, false]> : tensor<4xi1>
  return
}""",
        ("[false, false, false, true]", "[false, false, false, false]"),
    ),
    "bits of narrow types": (
        """func.func @f() {
  %x = stablehlo.constant dense<[0xA5, 0x3C]> : tensor<2xui8>
  %h = stablehlo.bitcast_convert %x : (tensor<2xui8>) -> tensor<2x2xui4>
  check.expect_eq_const %h, dense<[[5, 10], [12, 3]]> : tensor<2x2xui4>
  %b = stablehlo.bitcast_convert %x : (tensor<2xui8>) -> tensor<2x8xi1>
  %back = stablehlo.bitcast_convert %b : (tensor<2x8xi1>) -> tensor<2xui8>
  check.expect_eq %back, %x : tensor<2xui8>
  return
}""",
        ("[12, 3]", "[3, 12]"),
    ),
    "mulhi": (
        """func.func @f() {
  %x = stablehlo.constant dense<[100, -100, 3]> : tensor<3xi8>
  %y = stablehlo.constant dense<[100, 100, 4]> : tensor<3xi8>
  %h = chlo.mulhi %x, %y : tensor<3xi8>, tensor<3xi8> -> tensor<3xi8>
  check.expect_eq_const %h, dense<[39, -40, 0]> : tensor<3xi8>
  return
}""",
        ("-40", "-39"),
    ),
    "scan": (
        """func.func @f() {
  %x = stablehlo.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %zero = stablehlo.constant dense<0> : tensor<2xi32>
  %r:2 = chlo.scan(%x) inits(%zero) dimension=1 attributes {is_reverse = true} {
  ^bb0(%now: tensor<2xi32>, %sum: tensor<2xi32>):
    %s = stablehlo.add %now, %sum : tensor<2xi32>
    %d = stablehlo.subtract %now, %sum : tensor<2xi32>
    stablehlo.return %d, %s : tensor<2xi32>, tensor<2xi32>
  } : (tensor<2x3xi32>, tensor<2xi32>) -> (tensor<2x3xi32>, tensor<2xi32>)
  check.expect_eq_const %r#0, dense<[[-4, -1, 3], [-7, -1, 6]]> : tensor<2x3xi32>
  check.expect_eq_const %r#1, dense<[6, 15]> : tensor<2xi32>
  return
}""",
        ("[6, 15]", "[15, 6]"),
    ),
    "dynamic_conv": (
        """func.func @f() {
  %x = stablehlo.constant dense<[[[1.0], [2.0], [4.0]]]> : tensor<1x3x1xf32>
  %k = stablehlo.constant dense<[[[1.0]], [[10.0]]]> : tensor<2x1x1xf32>
  %p = stablehlo.constant dense<[[1, 0]]> : tensor<1x2xi32>
  %r = stablehlo.dynamic_conv(%x, %k, %p) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f],
    window = {stride = [1]} {batch_group_count = 1 : i64, feature_group_count = 1 : i64}
    : (tensor<1x3x1xf32>, tensor<2x1x1xf32>, tensor<1x2xi32>) -> tensor<1x3x1xf32>
  check.expect_eq_const %r, dense<[[[10.0], [21.0], [42.0]]]> : tensor<1x3x1xf32>
  return
}""",
        ("[42.0]", "[41.0]"),
    ),
    "quantized, by axis": (
        """func.func @f() {
  %x = stablehlo.constant dense<[[0.5, 3.0], [-1.0, 900.0]]> : tensor<2x2xf32>
  %q = stablehlo.uniform_quantize %x : (tensor<2x2xf32>) -> tensor<2x2x!quant.uniform<i8<-127:127>:f32:1, {0.25:2,0.5:-7}>>
  %i = stablehlo.bitcast_convert %q : (tensor<2x2x!quant.uniform<i8<-127:127>:f32:1, {0.25:2,0.5:-7}>>) -> tensor<2x2xi8>
  check.expect_eq_const %i, dense<[[4, -1], [-2, 127]]> : tensor<2x2xi8>
  %t = stablehlo.transpose %q, dims = [1, 0] : (tensor<2x2x!quant.uniform<i8<-127:127>:f32:1, {0.25:2,0.5:-7}>>) -> tensor<2x2x!quant.uniform<i8<-127:127>:f32:0, {0.25:2,0.5:-7}>>
  %d = stablehlo.uniform_dequantize %t : (tensor<2x2x!quant.uniform<i8<-127:127>:f32:0, {0.25:2,0.5:-7}>>) -> tensor<2x2xf32>
  check.expect_eq_const %d, dense<[[0.5, -1.0], [3.0, 67.0]]> : tensor<2x2xf32>
  return
}""",
        ("[-2, 127]", "[-2, 126]"),
    ),
    "quantized arithmetic": (
        """!q = !quant.uniform<u8:f32, 0.5:10>
func.func @f() {
  %x = stablehlo.constant dense<[1.0, 2.5]> : tensor<2xf32>
  %q = stablehlo.uniform_quantize %x : (tensor<2xf32>) -> tensor<2x!q>
  %s = stablehlo.add %q, %q : tensor<2x!q>
  %p = "stablehlo.multiply"(%q, %s) : (tensor<2x!q>, tensor<2x!q>) -> tensor<2x!quant.uniform<i32:f32, 0.25>>
  %d = stablehlo.uniform_dequantize %p : (tensor<2x!quant.uniform<i32:f32, 0.25>>) -> tensor<2xf32>
  check.expect_eq_const %d, dense<[2.0, 12.5]> : tensor<2xf32>
  %zero = stablehlo.constant dense<0.0> : tensor<f32>
  %z = stablehlo.uniform_quantize %zero : (tensor<f32>) -> tensor<!q>
  %sum = stablehlo.reduce(%q init: %z) applies stablehlo.add across dimensions = [0] : (tensor<2x!q>, tensor<!q>) -> tensor<!q>
  %total = stablehlo.uniform_dequantize %sum : (tensor<!q>) -> tensor<f32>
  check.expect_eq_const %total, dense<3.5> : tensor<f32>
  return
}""",
        ("dense<3.5>", "dense<8.5>"),
    ),
    "infeed": (
        parallel(
            f"""func.func @queue() -> tensor<2xi32> {{
  %q = stablehlo.constant dense<[3, 4]> : tensor<2xi32>
  return %q : tensor<2xi32>
}}
func.func @f(%t: {TOKEN}) -> (tensor<2xi32>, {TOKEN}) {{
  %r:2 = "stablehlo.infeed"(%t) {{infeed_config = ""}} : ({TOKEN}) -> (tensor<2xi32>, {TOKEN})
  %o = "stablehlo.outfeed"(%r#0, %r#1) {{outfeed_config = ""}} : (tensor<2xi32>, {TOKEN}) -> {TOKEN}
  return %r#0, %o : tensor<2xi32>, {TOKEN}
}}""",
            [TOKEN],
            ["tensor<2xi32>", TOKEN],
            '[["f"]]',
            [(0, "dense<[3, 4]> : tensor<2xi32>")],
            more=", infeed = [@queue]",
        ),
        ("_const %r#0, dense<[3, 4]>", "_const %r#0, dense<[4, 3]>"),
    ),
    "send and recv": (
        parallel(
            f"""func.func @f(%x: tensor<i32>, %t: {TOKEN}) -> {TOKEN} {{
  %r = "stablehlo.send"(%x, %t) {{channel_handle = #stablehlo.channel_handle<handle = 1, type = 2>,
    is_host_transfer = true}} : (tensor<i32>, {TOKEN}) -> {TOKEN}
  return %r : {TOKEN}
}}
func.func @g(%t: {TOKEN}) -> (tensor<i32>, {TOKEN}) {{
  %r:2 = "stablehlo.recv"(%t) {{channel_handle = #stablehlo.channel_handle<handle = 1, type = 3>,
    is_host_transfer = true}} : ({TOKEN}) -> (tensor<i32>, {TOKEN})
  return %r#0, %r#1 : tensor<i32>, {TOKEN}
}}""",
            [TOKEN, "dense<9> : tensor<i32>", TOKEN],
            ["tensor<i32>", TOKEN, TOKEN],
            "[[@g], [@f]]",
            [(0, "dense<9> : tensor<i32>")],
        ),
        ("_const %r#0, dense<9>", "_const %r#0, dense<8>"),
    ),
    "all_gather of several operands": (
        parallel(
            """func.func @f(%x: tensor<1xi32>, %y: tensor<1xi8>) -> (tensor<2xi32>, tensor<2xi8>) {
  %r:2 = "stablehlo.all_gather"(%x, %y) {all_gather_dim = 0 : i64,
    replica_groups = dense<[[1, 0]]> : tensor<1x2xi64>} : (tensor<1xi32>, tensor<1xi8>) -> (tensor<2xi32>, tensor<2xi8>)
  return %r#0, %r#1 : tensor<2xi32>, tensor<2xi8>
}""",
            [
                f"dense<[{n}]> : tensor<1x{t}>"
                for n, t in [(1, "i32"), (2, "i8"), (3, "i32"), (4, "i8")]
            ],
            ["tensor<2xi32>", "tensor<2xi8>"] * 2,
            "[[@f], [@f]]",
            [(0, "dense<[3, 1]> : tensor<2xi32>"), (3, "dense<[4, 2]> : tensor<2xi8>")],
        ),
        ("dense<[4, 2]>", "dense<[2, 4]>"),
    ),
    "replicas with their partitions, partition by partition": (
        parallel(
            """func.func @f(%x: tensor<1xi32>) -> tensor<4xi32> {
  %r = "stablehlo.all_gather"(%x) {all_gather_dim = 0 : i64,
    channel_handle = #stablehlo.channel_handle<handle=1, type=0>,
    replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>} : (tensor<1xi32>) -> tensor<4xi32>
  return %r : tensor<4xi32>
}""",
            [f"dense<[{n}]> : tensor<1xi32>" for n in range(4)],
            ["tensor<4xi32>"] * 4,
            "[[@f, @f], [@f, @f]]",
            [(1, "dense<[0, 2, 1, 3]> : tensor<4xi32>")],
        ),
        ("[0, 2, 1, 3]", "[0, 1, 2, 3]"),
    ),
    "groups by axes of a mesh": (
        parallel(
            f"""func.func @f(%x: tensor<i32>) -> tensor<i32> {{
  %r = "stablehlo.all_reduce"(%x) {SUM} {{
    replica_groups = #stablehlo.replica_group_mesh_axes<mesh = #stablehlo.mesh<axes = [
      #stablehlo.mesh_axis<name = "a", size = 4>, #stablehlo.mesh_axis<name = "b", size = 2>]>,
      axes = [#stablehlo.axis_ref<name = "a", sub_axis_info = (2)2>]>
  }} : (tensor<i32>) -> tensor<i32>
  return %r : tensor<i32>
}}""",
            [f"dense<{10**n}> : tensor<i32>" for n in range(8)],
            ["tensor<i32>"] * 8,
            f"[{', '.join(['[@f]'] * 8)}]",
            [(0, "dense<101> : tensor<i32>"), (5, "dense<10100000> : tensor<i32>")],
        ),
        ("dense<101>", "dense<11>"),
    ),
    "collective_broadcast with roots that are asked for": (
        parallel(
            """func.func @f(%x: tensor<1xi32>, %y: tensor<1xi32>, %root: tensor<2xi32>) -> (tensor<1xi32>, tensor<1xi32>) {
  %r:2 = "stablehlo.collective_broadcast"(%x, %y, %root) {has_dynamic_root,
    replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>} : (tensor<1xi32>, tensor<1xi32>, tensor<2xi32>) -> (tensor<1xi32>, tensor<1xi32>)
  return %r#0, %r#1 : tensor<1xi32>, tensor<1xi32>
}""",
            [
                value
                for n in (1, 3)
                for value in (
                    f"dense<[{n}]> : tensor<1xi32>",
                    f"dense<[{n + 1}]> : tensor<1xi32>",
                    "dense<[1, 0]> : tensor<2xi32>",
                )
            ],
            ["tensor<1xi32>"] * 4,
            "[[@f], [@f]]",
            [(0, "dense<[3]> : tensor<1xi32>"), (3, "dense<[2]> : tensor<1xi32>")],
        ),
        ("_const %r#3, dense<[2]>", "_const %r#3, dense<[4]>"),
    ),
    "collective_reduce": (
        parallel(
            f"""func.func @f(%x: tensor<2xi32>) -> tensor<2xi32> {{
  %r = "stablehlo.collective_reduce"(%x) {SUM} {{replica_groups = dense<[[1, 0]]> : tensor<1x2xi64>}}
    : (tensor<2xi32>) -> tensor<2xi32>
  return %r : tensor<2xi32>
}}""",
            ["dense<[1, 2]> : tensor<2xi32>", "dense<[3, 4]> : tensor<2xi32>"],
            ["tensor<2xi32>"] * 2,
            "[[@f], [@f]]",
            [(0, "dense<0> : tensor<2xi32>"), (1, "dense<[4, 6]> : tensor<2xi32>")],
        ),
        ("[4, 6]", "[4, 5]"),
    ),
    "broadcast": (
        """func.func @f() {
  %x = stablehlo.constant dense<[1, 2]> : tensor<2xi32>
  %y = stablehlo.broadcast %x, sizes = [2, 1] : (tensor<2xi32>) -> tensor<2x1x2xi32>
  check.expect_eq_const %y, dense<[[[1, 2]], [[1, 2]]]> : tensor<2x1x2xi32>
  return
}""",
        ("[[1, 2]]]>", "[[2, 1]]]>"),
    ),
    "a factor has zeros beside it": (
        """func.func @f() {
  %x = stablehlo.constant dense<[[4.0, 7.0], [2.0, 10.0]]> : tensor<2x2xf64>
  %y = stablehlo.cholesky %x, lower = true : tensor<2x2xf64>
  check.expect_eq_const %y, dense<[[2.0, 0.0], [1.0, 3.0]]> : tensor<2x2xf64>
  return
}""",
        ("[[2.0, 0.0]", "[[2.0, 7.0]"),
    ),
}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_holds_and_with_another_number_does_not(name, tmp_path):
    text, (right, wrong) = MODULES[name]
    path = tmp_path / "module.mlir"
    path.write_text(text)
    done = jaxsmith("check", path)
    assert done.returncode == 0, done.stderr
    assert re.search(r"ran, \d+ checks? holds?", done.stdout)
    assert text.count(right) == 1
    path.write_text(text.replace(right, wrong))
    done = jaxsmith("check", path)
    assert done.returncode == 1
    assert "a check failed" in done.stderr


def refused(text, tmp_path):
    path = tmp_path / "module.mlir"
    path.write_text(text)
    done = jaxsmith("check", path)
    assert done.returncode == 1
    return done.stderr


def test_calls_without_an_end_are_refused(tmp_path):
    text = "func.func @main() {\n  call @main() : () -> ()\n  return\n}\n"
    assert "nested too deeply" in refused(text, tmp_path)
    nested = "".join(f'%p{i} = "stablehlo.if"(%c) ({{\n' for i in range(90))
    nested += "func.call @main() : () -> ()\n"
    nested += "".join(
        "stablehlo.return %c : tensor<i1>\n}, {\nstablehlo.return %c : tensor<i1>\n})"
        " : (tensor<i1>) -> tensor<i1>\n"
        for _ in range(90)
    )
    text = f"func.func @main() {{\n%c = stablehlo.constant dense<true> : tensor<i1>\n{nested}return\n}}\n"
    assert "nested too deeply" in refused(text, tmp_path)


def test_processes_that_wait_for_ever_are_refused(tmp_path):
    text = parallel(
        f"""func.func @f(%t: {TOKEN}) -> (tensor<i32>, {TOKEN}) {{
  %r:2 = "stablehlo.recv"(%t) {{channel_handle = #stablehlo.channel_handle<handle = 1, type = 3>}}
    : ({TOKEN}) -> (tensor<i32>, {TOKEN})
  return %r#0, %r#1 : tensor<i32>, {TOKEN}
}}""",
        [TOKEN, TOKEN],
        ["tensor<i32>", TOKEN] * 2,
        "[[@f], [@f]]",
        [],
    )
    assert "never come" in refused(text, tmp_path)


@pytest.mark.parametrize(
    "element",
    [
        "!quant.uniform<f32:f32, 0.5>",
        "!quant.uniform<i8:i8, 0.5>",
        "!quant.uniform<i8:f32>",
        "!quant.uniform<i8:f32:0, {0.5}>",
        "!quant.uniform<i8:f32:7, {0.5, 0.5}>",
    ],
)
def test_quantized_types_that_are_none(element, tmp_path):
    text = f"""func.func @f() {{
  %x = stablehlo.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %q = stablehlo.uniform_quantize %x : (tensor<2xf32>) -> tensor<2x{element}>
  return
}}"""
    assert refused(text, tmp_path)
