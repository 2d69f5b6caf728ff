import Adjoint
import Testing

@Suite(.timeLimit(.minutes(20))) struct GraphPrintingTests {
  /// (x + y) z at (-2, 5, -4), as the course has it.
  private func textbook() throws -> (session: Session, f: Node) {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y"), z = graph.input("z")
    let q = (x + y).named("q")
    let f = (q * z).named("f")
    let session = try Program(f, gradientsFor: [x, y, z, q, f], alsoComputing: [q]).makeSession()
    for (node, value) in [(x, -2.0), (y, 5), (z, -4)] { try session.write(value, to: node) }
    try session.step()
    return (session, f)
  }

  @Test func `a report lists every reachable node with value and gradient`() throws {
    let (session, _) = try textbook()
    #expect(
      session.report() == """
        node                value  gradient
        x = input              -2        -4
        y = input               5        -4
        z = input              -4         3
        q = add(x, y)           3        -4
        f = multiply(q, z)    -12         1

        """)
  }

  @Test func `a drawing has a line for every edge`() throws {
    let (session, f) = try textbook()
    #expect(
      session.drawing(of: f) == """
        f = multiply  -12   1
        ├─ q = add      3  -4
        │  ├─ x        -2  -4
        │  └─ y         5  -4
        └─ z           -4   3

        """)
    #expect(session.drawing(of: f, depth: 2).contains("├─ q = add …    3  -4\n└─ z"))
  }

  @Test func `values are green and gradients red only where asked`() throws {
    let (session, f) = try textbook()
    let colored = session.drawing(of: f, inColor: true)
    #expect(colored.contains("\u{1B}[32m-12\u{1B}[0m"))
    #expect(colored.contains("\u{1B}[31m1\u{1B}[0m"))
    for code in ["\u{1B}[32m", "\u{1B}[31m", "\u{1B}[0m"] { #expect(!session.drawing(of: f).contains(code)) }
  }

  @Test func `what is not computed is a dash, and a node drawn before is referred to`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let shared = exp(x).named("e")
    let f = (shared * (shared + 2)).named("f")
    let session = try Program(f).makeSession()
    try session.write(0, to: x)
    #expect(
      session.drawing(of: f) == """
        f = multiply  –  –
        ├─ e = exp    –  –
        │  └─ x       0  –
        └─ add#3      –  –
           ├─ e = exp (above)
           └─ 2

        """)
  }

  @Test func `long tensors are summed up and bad elements counted`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 4])
    let session = try Program(x.sum()).makeSession()
    try session.write([1, 2, 3, 4, .nan, .infinity, -1, 0] as [Float], to: x)
    #expect(session.report().contains("[2, 4] from -1 to 4, mean 1.5, 2 not finite"))
  }

  @Test(arguments: [
    (0.0, "0"), (-12, "-12"), (1 / 3.0, "0.333333"), (2e6 / 3, "666667"), (123_456_789, "123457000"),
    (1e-7, "1e-07"), (-.infinity, "-inf"), (1e300, "1e+300"), (.greatestFiniteMagnitude, "1.79769e+308"),
  ])
  func `numbers have six significant digits`(number: Double, text: String) throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64)
    let session = try Program(-x).makeSession()
    try session.write(number, to: x)
    #expect(session.report().contains(" \(text)  "))
  }

  @Test func `a chain of ten thousand gates is drawn to its depth`() throws {
    let graph = Graph()
    let x = graph.input("x")
    var node = x
    for _ in 0..<10_000 { node = node + x }
    let session = try Program(node).makeSession()
    try session.write(1, to: x)
    try session.forward()
    let lines = session.drawing(of: node, depth: 3).split(separator: "\n")
    #expect(lines.count == 5)
    #expect(lines[0].hasSuffix("10001  –"))
  }
}
