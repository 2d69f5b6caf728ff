import AdjointTesting
import Testing

@testable import Adjoint

/// What lowering makes of a graph: calls, what they read and write, and what reaches no memory.
@Suite(.timeLimit(.minutes(20))) struct CallGraphTests {
  private func lowered(
    _ outputs: [Node], gradientsFor variables: [Node] = [], _ change: (inout Program.Options) -> Void = { _ in }
  ) throws -> CallGraph {
    var options = Program.Options()
    options.measuresCosts = false
    change(&options)
    let program = try Program(outputs, gradientsFor: variables, options: options)
    return LowerToCalls.apply(to: try program.order.lower().graph, options)
  }

  @Test func `a graph of scalars has no call`() throws {
    let graph = Graph()
    let x = graph.input("x"), y = graph.input("y", [1, 1])
    #expect(try lowered([tanh(x) * x, (y * y).reshaped([1])], gradientsFor: [x, y]).calls.isEmpty)
  }

  @Test func `a chain is one call, where its last gate stands, and what lies within is in no memory`() throws {
    let graph = Graph()
    let x = graph.input("x", [8]), y = graph.input("y", [8])
    let inner = x * y, shown = tanh(inner), last = shown + y
    let calls = try lowered([last, shown])
    let call = try #require(calls.calls.first)
    #expect(calls.calls.count == 1 && call.chainNodes.count == 3)
    #expect(call.operands.count == 2 && call.results.count == 2)
    #expect(calls.call(at: call.node) != nil && call.results.contains(call.node))
    let within = call.chainNodes.filter { !call.results.contains($0) }
    #expect(within.count == 1 && within.allSatisfy { calls.isInner($0) && calls.isComputedLater($0) })
    #expect(call.results.allSatisfy { !calls.isInner($0) })
  }

  @Test func `a value under another shape goes by the one that it shows`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 3]), w = graph.input("w", [6, 2])
    let calls = try lowered([exp(x).reshaped([1, 6]).matmul(w) + x.reshaped([3, 2]).reshaped([1, 6]).matmul(w)])
    #expect(calls.calls.count == 4)
    for call in calls.calls {
      let operands = call.operands.map(calls.original)
      #expect(operands.allSatisfy { calls.graph.storage.original(of: $0) == $0 })
    }
    let written = Set(calls.calls.flatMap(\.results))
    let source = calls.calls[1].operands.map(calls.original).contains { !written.contains($0) }
    #expect(source)
  }

  @Test func `a chain reads a value once, under however many shapes it is shown`() throws {
    let graph = Graph()
    let x = graph.input("x", [2, 3]), y = x.reshaped([6]), z = x.reshaped([3, 2]).reshaped([6])
    let calls = try lowered([exp(y) * z + y]) { $0.leftOut = [.shareCommon] }
    #expect(calls.calls.map(\.operands.count) == [1])
  }

  @Test func `a scan is one call, with a result for each part that is read`() throws {
    let graph = Graph()
    let x = graph.input("x", [5, 4])
    let run = graph.scan(over: [x], from: [graph.constant(0, [4])]) { state, element in
      let next = tanh(state[0] + element[0])
      return ([next], [next, next.cumulativeSum()])
    }
    let graphOfAll = try lowered(run.outputs + run.state)
    let all = graphOfAll.calls.filter { $0.call is LoopPlan }
    #expect(graphOfAll.isInner(all[0].node))
    #expect(all.map(\.results.count) == [3] && all[0].scratchByteCount != nil)
    let one = try lowered([run.outputs[1].sum()]).calls.filter { $0.call is LoopPlan }
    #expect(one.map(\.results.count) == [1])
  }

  @Test func `sums in arrival order are no calls`() throws {
    let graph = Graph()
    let x = graph.input("x", [40])
    let y = exp(x), loss = (y.sum() * 2 + (y * x).sum()) * (y * y).sum()
    func count(_ accumulation: Accumulation) throws -> Int {
      let calls = try lowered([loss], gradientsFor: [x]) {
        $0.accumulation = accumulation
        $0.fusesElementwise = false
      }
      return calls.calls.count { call in calls.graph.storage.gate(of: call.node) is Accumulate }
    }
    #expect(try count(.graphOrder) > 0)
    #expect(try count(.arrivalOrder) == 0)
  }

  @Test func `what is lowered once is what each way of dividing runs`() throws {
    let graph = Graph()
    let x = graph.input("x", [96, 200]), w = graph.parameter("w", [200, 64], .glorotUniform(seed: 1))
    let loss = tanh(x.matmul(w)).sum()
    let calls = try lowered([loss], gradientsFor: [w])
    for division in [Division.finest, .coarse, .fine] {
      var options = Program.Options()
      options.measuresCosts = false
      options.division = division
      let plan = try Program(loss, gradientsFor: [w], options: options).plan
      #expect(plan.calls.map(\.description) == calls.calls.map(\.call.description))
    }
  }

  @Test func `calls read what is there when they stand, and write what no other writes`() throws {
    let graph = Graph()
    let x = graph.input("x", [6, 8]), table = graph.input("table", [9, 8]), named = graph.input("named", [6], .int32)
    let values = tanh(x) * table.gatheringRows(named) + x.transposed().transposed()
    let loss = values.sum() + values.matmul(table.transposed()).max()
    var options = Program.Options()
    options.measuresCosts = false
    for accumulation in [Accumulation.graphOrder, .arrivalOrder] {
      options.accumulation = accumulation
      let program = try Program(loss, gradientsFor: [x, table], options: options)
      #expect(LowerToCalls.apply(to: try program.order.lower().graph, options).violation == nil)
    }
  }

  @Test func `what is wrong with calls is told`() throws {
    let graph = Graph()
    let x = graph.input("x", [8]), y = exp(x)
    let good = try lowered([y, y.cumulativeSum()])
    #expect(good.violation == nil && good.calls.count == 2)
    func told(_ calls: [CallGraph.Call]) -> String? {
      var other = CallGraph(good.graph, order: good.order)
      for call in calls { other.append(call, computing: call.results) }
      return other.violation
    }
    #expect(told(good.calls) == nil)
    #expect(told(good.calls.reversed())?.contains("is not there yet") == true)
    #expect(told([good.calls[0], good.calls[0], good.calls[1]])?.contains("written twice") == true)
    #expect(told([good.calls[0]])?.contains("nothing computes") == true)
    var hidden = good
    hidden.keepFromMemory(good.calls[0].results[0])
    #expect(hidden.violation?.contains("which reaches no memory") == true)
  }
}
