/// The gates of the package, but for those that only the compiler, a rule or an optimizer applies and that have tests
/// of their own. The laws run over it, so a gate listed here is a gate tested.
package enum GateCatalog {
  package static let all: [any SampledGate.Type] = [
    Add.self, Subtract.self, Multiply.self, Divide.self, Negate.self,
    Downstream.self, MutualProduct.self, DownstreamQuotient.self,
    Power.self, Square.self, SquareRoot.self, Exponential.self, Logarithm.self,
    Sine.self, Cosine.self, Atan2.self, Tanh.self, Sigmoid.self, Relu.self,
    Maximum.self, Minimum.self, Route.self, Absolute.self, Sign.self, Greater.self, Equal.self, Select.self,
    Floor.self, Ceiling.self, Round.self, LogarithmOfOnePlus.self,
    Matmul.self, Transpose.self, Reshape.self, Broadcast.self, Slice.self, Pad.self, Concatenate.self,
    GatherRows.self, ScatterAddRows.self, ReplaceRows.self,
    ErrorFunction.self, ExponentialMinusOne.self, Softplus.self,
    SigmoidSlope.self, Bell.self, NormalDistribution.self, TanhNormalDistribution.self,
    LogisticQuotient.self, SquaredNorm.self,
    CumulativeSum.self, CumulativeProduct.self, LinearRecurrence.self, Argmax.self, ArgSort.self,
    CircularConvolution.self,
    CircularCorrelation.self, Dropout.self, AddIntegers.self, Cast.self,
    Sum.self, Mean.self, MaximumOverAxes.self, EuclideanNorm.self, MeanSquare.self, ScaledNorm.self,
    ScaledMeanSquare.self,
    Softmax.self, LogSoftmax.self, SoftmaxGradient.self, Centred.self, LogSoftmaxGradient.self, LogSumExp.self,
    CrossEntropy.self, CrossEntropyGradient.self, SoftCrossEntropy.self, LogProbability.self, OneHot.self,
    Convolution.self, ConvolutionInputGradient.self, ConvolutionKernelGradient.self,
    MaxPool.self, MaxPoolGradient.self, MaxPoolSelection.self, AveragePool.self, AveragePoolGradient.self,
    ChannelWindowSum.self,
    Accumulate.self, AccumulateProduct.self, SpliceRows.self, SumOfPads.self, ScanPart.self, StopGradient.self,
  ]
}
