import Adjoint
import AdjointPictures
import Foundation
import Testing

/// The numbers on pictures and in tables are those worked out by hand: of every node, every edge and every branch.
@Suite(.timeLimit(.minutes(20))) struct PictureNumberTests {
  /// A picture in the language of Graphviz as what it says: an edge with its ends' words, what goes forward over it and
  /// what comes back.
  private func edges(_ dot: String) -> [String] {
    var names: [Substring: String] = [:]
    var edges: [String] = []
    func words(_ text: Substring, in color: String) -> String {
      guard let start = text.range(of: "<font color=\"\(color)\">")?.upperBound else { return "" }
      return String(text[start...].prefix { $0 != "<" })
    }
    for line in dot.split(separator: "\n") {
      let line = line.drop { $0 == " " }
      if let match = line.firstMatch(of: /^(n\d+|copy\d+) \[.*label=<(.*)>\]$/) {
        let label = String(match.2).replacing(/<br\/>.*/, with: "").replacing(/<[^>]*>/, with: "")
        names[match.1] = match.1.hasPrefix("copy") ? "copy" : label
      } else if let match = line.firstMatch(of: /^(n\d+|copy\d+) -> (n\d+|copy\d+) \[(.*)\]$/) {
        let (value, gradient) = (words(match.3, in: "#0a8a0a"), words(match.3, in: "#dd1111"))
        edges.append("\(names[match.1] ?? "?") → \(names[match.2] ?? "?"): \(value) | \(gradient)")
      }
    }
    return edges.sorted()
  }

  @Test func `every edge has its value and its gradient, and every branch its own contribution`() throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64), y = graph.input("y", [], .float64)
    let a = x * x, c = square(x)
    let b = a * y
    let f = (b + c).named("f")
    let session = try Program(f, gradientsFor: [x, y, a, b, c, f], alsoComputing: [a, b, c]).makeSession()
    try session.write(3, to: x)
    try session.write(-4, to: y)
    try session.step()
    // f = x·x·y + x²: f̄ = b̄ = c̄ = 1, ȳ = 9, ā = y = −4; x gets ā·x twice and 2x.
    let wanted = [
      "x → copy: 3 | -18", "copy → ×: | -12", "copy → ×: | -12", "copy → x²: | 6", "× → ×: 9 | -4", "y → ×: -4 | 9",
      "× → +: -36 | 1", "x² → +: 9 | 1", "+ → f: -27 | 1",
    ]
    let found = edges(graph.dot(of: [f], values: session)).map { $0.replacing(":  |", with: ": |") }
    #expect(found == wanted.map { $0.replacing("x²", with: Self.symbol(of: c)) }.sorted())
    let svg = graph.svg(of: [f], values: session)
    func texts(_ kind: String) -> [String] {
      svg.matches(of: /<text class="([^"]*)"[^>]*>([^<]*)</).filter { $0.1 == kind }.map { String($0.2) }.sorted()
    }
    #expect(texts("sent right") == ["-12", "-12", "6"])
    #expect(texts("value left") == ["-27", "-36", "-4", "3", "9", "9"])
    #expect(texts("gradient left") == ["-18", "-4", "1", "1", "1", "9"])
    // An arrow for each edge that ends at a gate or leaves: three at products, one each at square, sum, …
    #expect(svg.matches(of: /class="head"/).count == 8 && svg.matches(of: /class="fork"/).count == 1)
  }

  private static func symbol(of node: Node) -> String {
    let dot = node.graph.dot(of: [node])
    return dot.matches(of: /shape=(?:circle|box), label=<([^<>]*)/).map { String($0.1) }.last ?? "?"
  }

  @Test(arguments: 2...5) func `a node read by several gates, and several times by one, has a number on each branch`(
    count: Int
  ) throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64)
    // Gate k reads x and sends back k; the last reads it twice.
    var terms = (1..<count).map { Double($0) * x }
    terms.append(x * x)
    let f = terms.dropFirst().reduce(terms[0]) { $0 + $1 }
    let sums = (1..<count).reduce(into: [Node]()) { sums, _ in sums.append((sums.last ?? f).inputs[0]) }
    let session = try Program(f, gradientsFor: [x, f] + terms, alsoComputing: terms + sums).makeSession()
    try session.write(5, to: x)
    try session.step()
    let dot = graph.dot(of: [f], values: session)
    let branches = edges(dot).filter { $0.hasPrefix("copy →") }.map { String($0.split(separator: " ").last!) }
    #expect(branches.sorted() == ((1..<count).map(String.init) + ["5", "5"]).sorted())
    #expect(try session.gradient(of: x) == Double((1..<count).reduce(10, +)))
  }

  @Test func `a branch into a closed box is what all readers inside send back together`() throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64)
    let (p, q) = graph.scope("box") { (5 * x, square(x)) }
    let inner = graph.scope("box") { p + q }
    let outer = 7 * x
    let f = inner + outer
    let nodes = [x, p, q, inner, outer, f]
    let session = try Program(f, gradientsFor: nodes, alsoComputing: [p, q, inner, outer]).makeSession()
    try session.write(3, to: x)
    try session.step()
    for options in [PictureOptions(closed: ["box"]), PictureOptions(open: ["box"])] {
      let branches = edges(graph.dot(of: [f], values: session, options: options)).filter { $0.hasPrefix("copy →") }
      let numbers = branches.map { String($0.split(separator: " ").last!) }.sorted()
      #expect(numbers == (options.closed.isEmpty ? ["5", "6", "7"] : ["11", "7"]), "\(branches)")
    }
  }

  @Test func `each output leaves the picture, and of all nodes those that are computed and not read`() throws {
    let graph = Graph()
    let x = graph.input("x"), idle = graph.input("idle")
    let outputs = [exp(x).named("e"), sin(x).named("s"), cos(x).named("c")]
    for given in [outputs, []] {
      let ends = edges(graph.dot(of: given)).compactMap { $0.firstMatch(of: /→ ([ces]):/) }
      #expect(ends.map { String($0.1) }.sorted() == ["c", "e", "s"])
    }
    #expect(!graph.dot(of: outputs).contains("idle") && graph.dot().contains("idle"))
    #expect(edges(graph.dot()).allSatisfy { !$0.contains(idle.name) }, "an input that nobody reads leads nowhere")
  }

  @Test(
    arguments: [
      ([1, 2], "[1, 2]"), ([1, 2, 3], "[1, 2, 3]"), ([1, 2, 3, 4], "1 … 4"), ([4, -1, 3, 2, 0], "-1 … 4"),
      ([2, 2, 2, 2], "all 2"), ([1, .nan, 2, .infinity], "2 not finite"), ([.nan, 1, 2], "[nan, 1, 2]"),
      ([1, 2, 3, -.infinity], "1 not finite"), ([1.23456], "[1.23]"), ([-0.0, 0, 0, 0], "all 0"),
    ] as [([Float], String)])
  func `elements are written out up to three, and more are told by their ends`(elements: [Float], text: String) throws {
    let graph = Graph()
    let x = graph.input("x", [elements.count])
    let session = try Program(exp(x)).makeSession()
    try session.write(elements, to: x)
    let dot = graph.dot(of: [x], values: session)
    #expect(dot.contains("<font color=\"#0a8a0a\">\(text)</font>"), "\(dot)")
  }

  @Test(arguments: [
    (6, "[1, 2, 3, 4, 5, 6]"), (7, "[7] from 1 to 7, mean 4"), (1, "[1]"),
  ]) func `a table writes out six elements, and sums up seven`(count: Int, text: String) throws {
    let graph = Graph()
    for reversed in [false, true] {
      let x = graph.input("x\(reversed)", [count])
      let session = try Program(x.sum()).makeSession()
      let values = (1...count).map { Float($0) }
      try session.write(reversed ? values.reversed() : values, to: x)
      let wanted = reversed && count == 6 ? "[6, 5, 4, 3, 2, 1]" : text
      #expect(session.report().contains(" \(wanted)  "), "\(session.report())")
    }
  }

  @Test(arguments: [
    (999_999, "999999"), (999_999.5, "1000000"), (1_000_000, "1000000"), (1_234_567, "1234570"),
    (0.1234565, "0.123457"),
    (-1e-5, "-1e-05"), (123456.7, "123457"), (9.999999, "10"), (0.5, "0.5"), (.leastNonzeroMagnitude, "5e-324"),
  ]) func `a number has six digits on both sides of its powers of ten`(number: Double, text: String) throws {
    let graph = Graph()
    let x = graph.input("x", [], .float64)
    let session = try Program(-x).makeSession()
    try session.write(number, to: x)
    #expect(session.report().contains(" \(text)  "), "\(session.report())")
  }

  @Test func `a drawing cut short has an ellipsis where something lies below, and none elsewhere`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let f = (exp(sin(x)) * x).named("f")
    let session = try Program(f).makeSession()
    try session.write(1, to: x)
    let lines = { (depth: Int) in session.drawing(of: f, depth: depth).split(separator: "\n").map(String.init) }
    #expect(lines(1).count == 1 && lines(1)[0].hasPrefix("f = multiply … "))
    #expect(lines(2).map { $0.contains("…") } == [false, true, false])
    #expect(lines(3).map { $0.contains("…") } == [false, false, true, false])
    #expect(lines(4).map { $0.contains("…") } == [false, false, false, false, false])
  }
  @Test func `a number in a formula stands on the side that it was written on`() throws {
    let graph = Graph()
    let x = graph.input("x")
    let pairs = [(3 - x, "3−x"), (x - 3, "−3"), (3 + x, "+3"), (x * 2, "×2"), (2 / x, "2/x"), (x / 2, "/2")]
    for (node, symbol) in pairs {
      #expect(graph.svg(of: [node]).contains(">\(symbol)</text>"), "\(symbol)")
    }
  }

  @Test(arguments: [2, 3]) func `a box that stands for several has no numbers, which would be of one`(layers: Int)
    throws
  {
    let graph = Graph()
    let x = graph.input("x", [], .float64)
    var nodes = [x]
    for layer in 0..<layers {
      graph.scope("layer\(layer)") { nodes.append(exp(nodes.last!)) }
      graph.scope("layer\(layer)") { nodes.append(sin(nodes.last!)) }
    }
    let session = try Program(nodes.last!, gradientsFor: nodes, alsoComputing: nodes).makeSession()
    try session.write(0, to: x)
    try session.step()
    let inner = edges(graph.dot(of: [nodes.last!], values: session)).filter { $0.hasPrefix("exp → sin") }
    #expect(inner.count == (layers == 2 ? 2 : 1))
    for edge in inner { #expect(edge.hasSuffix(":  | ") == (layers == 3), "\(edge)") }
  }
}
