import AdjointTesting
import Testing

@testable import Adjoint

/// Operands of element types that do not go together: the error names every operand and says which cast to write.
@Suite(.timeLimit(.minutes(20))) struct ElementTypeLawTests {
  /// A sample of a gate whose operands' types have been changed: all of one type, but one of another.
  private struct Case {
    let operands: [Node]
    let output: Node

    init(_ sample: GateSample, _ types: [ElementType]) {
      let graph = Graph()
      operands = zip(sample.operands, types).enumerated().map { position, operand in
        graph.input("operand\(position)", operand.0.shape, operand.1)
      }
      output = graph.applying(sample.gate, operands)
    }

    var error: GraphError? {
      do {
        _ = try Program(output)
        return nil
      } catch { return error }
    }
  }

  @Test func `a gate that refuses an element type says which operand to cast, and then takes it`() throws {
    var (refused, gates) = (0, Set<String>())
    for type in GateCatalog.all {
      for sample in type.samples where sample.operands.count >= 2 {
        let types = sample.operands.map { $0.isDifferentiable ? ElementType.float32 : .int32 }
        guard Case(sample, types).error == nil else { continue }
        for position in types.indices {
          for wrong in ElementType.allCases where wrong != types[position] {
            var changed = types
            changed[position] = wrong
            let made = Case(sample, changed)
            // Some gates take any type of some operand.
            guard let text = made.error?.description else { continue }
            refused += 1
            gates.insert(type.name)
            for operand in made.operands {
              #expect(
                text.contains("operand \(operand.name) \(operand.shape) \(operand.elementType), made at"), "\(text)")
            }
            // Following the advice, once or twice, gives operands that go together.
            var advised = changed
            for _ in changed {
              guard let text = Case(sample, advised).error?.description else { break }
              let cast = try #require(Self.cast(in: text), "\(type.name), \(changed): \(text)")
              #expect(advised[cast.operand] != cast.type, "\(text)")
              advised[cast.operand] = cast.type
            }
            #expect(Case(sample, advised).error == nil, "\(type.name), \(changed): \(advised)")
          }
        }
      }
    }
    #expect(refused > 300 && gates.count > 30, "\(refused) of \(gates.count) gates")
  }

  /// What `write operand1.cast(to: .float32)` says.
  private static func cast(in text: String) -> (operand: Int, type: ElementType)? {
    guard let match = text.firstMatch(of: /write operand(\d+)\.cast\(to: \.(\w+)\)/), let operand = Int(match.1),
      let type = ElementType.allCases.first(where: { "\($0)" == match.2 })
    else { return nil }
    return (operand, type)
  }

  @Test func `of two types that are computed with, the constant is cast`() {
    let graph = Graph()
    let x = graph.input("x", [2], .float64), half = graph.constant(0.5, [2])
    for (output, advice) in [
      (x * half, "write \(half.name).cast(to: .float64)"), (half * x, "write \(half.name).cast(to: .float64)"),
      (x + graph.input("y", [2]), "write y.cast(to: .float64)"),
      (graph.input("labels", [2], .int32) + x, "write labels.cast(to: .float64)"),
      (concatenate([x, graph.input("bits", [2], .float16)]), "write bits.cast(to: .float64)"),
    ] {
      let error = #expect(throws: GraphError.self) { try Program(output) }
      #expect(error?.description.contains(advice) == true, "\(error?.description ?? "no error")")
      #expect(error?.description.contains("operand x [2] float64, made at") == true)
    }
  }

  @Test func `a custom gate names the cast of its own rule`() {
    let graph = Graph()
    let error = #expect(throws: GraphError.self) {
      try Program(graph.apply(TakesLabels(), to: [graph.input("x", [2]), graph.input("labels", [2])]))
    }
    #expect(error?.description.contains("labels are int32, got float32; write labels.cast(to: .int32)") == true)
  }

  @Test func `a parameter's next value of another type names the cast`() {
    let graph = Graph()
    let w = graph.parameter("w", [2]), next = graph.input("next", [2], .float64)
    let error = #expect(throws: GraphError.self) { try Program(w * 1, updating: [ParameterUpdate(w, to: next)]) }
    #expect(error?.description.contains("write next.cast(to: .float32)") == true, "\(error?.description ?? "no error")")
  }
}

private struct TakesLabels: Gate {
  static let name = "takesLabels"
  func shape(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
  func elementType(_ inputs: [ElementType]) throws(ShapeError) -> ElementType {
    guard inputs[1] == .int32 else { throw ShapeError("labels are int32, got \(inputs[1])", casting: 1, to: .int32) }
    return inputs[0]
  }
  var kernel: Kernel { .custom { _ in } }
  func pullback(_ upstream: Node, _ node: GateApplication) -> [Node?] { [upstream, nil] }
}
