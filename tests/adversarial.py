"""StableHLO texts that are made to exhaust whoever reads or runs them, or to end the program."""

ARRAY = "tensor<f32>"


def main(body, extra=""):
    return (
        "module @m {\n  func.func public @main(%arg0: tensor<f32>) -> (tensor<f32>) {\n"
        f"{body}  }}\n{extra}}}\n"
    )


def nested_ifs(depth, innermost):
    """`innermost` gives the value of %inner."""
    lines = []
    for d in range(depth):
        lines.append(f'%r{d} = "stablehlo.if"(%p) ({{\n')
    lines.append(innermost + "stablehlo.return %inner : tensor<f32>\n")
    for d in reversed(range(depth)):
        lines.append(
            "}, { stablehlo.return %x : tensor<f32> }) : (tensor<i1>) -> tensor<f32>\n"
            + (f"stablehlo.return %r{d} : tensor<f32>\n" if d else "")
        )
    return "".join(lines)


def chain(length, body):
    """Functions each of which calls the next; `body` makes one of the call."""
    functions = []
    for i in range(length):
        call = f"func.call @f{i + 1}(%x) : (tensor<f32>) -> tensor<f32>\n"
        functions.append(
            f"func.func private @f{i}(%x: tensor<f32>) -> tensor<f32> {{\n{body(call)}}}\n"
        )
    functions.append(
        f"func.func private @f{length}(%x: tensor<f32>) -> tensor<f32> {{\nreturn %x : {ARRAY}\n}}\n"
    )
    return main(
        "%0 = call @f0(%arg0) : (tensor<f32>) -> tensor<f32>\nreturn %0 : tensor<f32>\n",
        "".join(functions),
    )


def twice(call):
    return f"%0 = {call}%1 = {call}return %1 : tensor<f32>\n"


def deep(call):
    return (
        "%p = stablehlo.constant dense<true> : tensor<i1>\n"
        + nested_ifs(60, f"%inner = {call}")
        + "return %r0 : tensor<f32>\n"
    )


def texts():
    """By what each is about."""
    forever = (
        "%0 = stablehlo.while(%i = %arg0) : tensor<f32>\n"
        "cond {\n%p = stablehlo.constant dense<true> : tensor<i1>\n"
        "stablehlo.return %p : tensor<i1>\n} do {\nstablehlo.return %i : tensor<f32>\n}\n"
        "return %0 : tensor<f32>\n"
    )
    big = "tensor<16384x16384xf32>"
    growing = "".join(
        f"%b{i} = stablehlo.broadcast_in_dim %arg0, dims = [] : (tensor<f32>) -> {big}\n"
        for i in range(40)
    )
    return {
        "endless loop": main(forever),
        "exponentially many calls": chain(60, twice),
        "calls within nested regions": chain(150, deep),
        "calls itself": main(
            "%0 = call @main(%arg0) : (tensor<f32>) -> tensor<f32>\nreturn %0 : tensor<f32>\n"
        ),
        "much memory": main(
            growing + f"%s = stablehlo.add %b0, %b39 : {big}\n" + "return %arg0 : tensor<f32>\n"
        ),
        "a large constant": main(
            "%c = stablehlo.constant dense<0.0> : tensor<1000000000000xf32>\n"
            "return %arg0 : tensor<f32>\n"
        ),
        "dimensions whose product overflows": main(
            "%c = stablehlo.constant dense<0.0> : tensor<4294967296x4294967296x4xf32>\n"
            "return %arg0 : tensor<f32>\n"
        ),
        "nested types": main("%c = stablehlo.constant dense<0> : " + "tuple<" * 100000),
        "nested regions": main("".join('"stablehlo.if"(%arg0) ({\n' for _ in range(100000))),
        "nested lists": main("%c = stablehlo.constant dense<" + "[" * 1000000),
        "nested attributes": "module attributes {a = " + "[" * 1000000,
        "a while without arguments in its condition": main(
            '%0 = "stablehlo.while"(%arg0) ({\n%p = stablehlo.constant dense<true> : tensor<i1>\n'
            '"stablehlo.return"(%p) : (tensor<i1>) -> ()\n}, {\n'
            '"stablehlo.return"(%arg0) : (tensor<f32>) -> ()\n}) : (tensor<f32>) -> tensor<f32>\n'
            "return %0 : tensor<f32>\n"
        ),
        "a reduction without arguments": main(
            '%0 = "stablehlo.reduce"(%arg0, %arg0) <{dimensions = array<i64>}> ({\n'
            '"stablehlo.return"(%arg0) : (tensor<f32>) -> ()\n'
            "}) : (tensor<f32>, tensor<f32>) -> tensor<f32>\nreturn %0 : tensor<f32>\n"
        ),
        "a selection of nothing": main(
            '"stablehlo.select"() : () -> ()\nreturn %arg0 : tensor<f32>\n'
        ),
        "zeros": "\0" * 1000,
        "no UTF-8": "module \xff\xfe",
    }
