// Surveys of special functions, matrices, spectra and signals.
// surveys.h says how a row reads.
#include "plan/jax/surveys.h"

namespace jaxsmith::plan {

std::string_view surveys_of_mathematics() {
  return R"rows(
modified Bessel functions : math
  = waveguide_profile modified_bessel
  # Modified Bessel functions of a radius, of orders 0 and 1.
  radius,r[*]f{0.2,3}
  radius : <jnp.i0($0)|jax.scipy.special.i0($0)> -> order_zero[*]f{1,4.9}
  radius : <jax.scipy.special.i0e($0)|lax.bessel_i0e($0)> -> scaled_zero[*]f{0.2,0.9}
  radius : jax.scipy.special.i1($0) -> order_one[*]f{0.1,4}
  radius : <jax.scipy.special.i1e($0)|lax.bessel_i1e($0)> -> scaled_one[*]f{0.05,0.25}
  radius : jax.scipy.special.i1($0) / jax.scipy.special.i0($0) -> mean_direction[*]f{0.1,0.8}
gamma and its relatives : math
  = gamma_family gamma_functions
  # The gamma function and its logarithmic derivatives.
  shape_param,alpha[*]f{0.6,4}
  shape_param : <jax.scipy.special.gammaln($0)|lax.lgamma($0)|jax.scipy.special.loggamma($0)> ->
      log_gamma[*]f{-0.2,2}
  shape_param : <jax.scipy.special.digamma($0)|lax.digamma($0)> -> mean_log[*]f{-1.6,1.3}
  shape_param : <jax.scipy.special.polygamma(1, $0)|lax.polygamma(1.0, $0)> ->
      variance_of_log[*]f{0.2,3.7}
  shape_param : jax.scipy.special.gamma($0) -> gamma_value[*]f{0.8,6}
  shape_param : jax.scipy.special.factorial($0) -> factorials[*]f{0.8,24}
  shape_param : jax.scipy.special.zeta($0 + 1.5, 1.0) -> zeta_value?[*]f{1,1.4}
regularised incomplete gamma functions : math
  = waiting_time_tails incomplete_gamma
  # How likely a waiting time ends before and after a given time.
  shape_param,events[*]f{0.6,4}; time,elapsed[*]f{0.2,5}
  shape_param; time : <jax.scipy.special.gammainc($0, $1)|lax.igamma($0, $1)> ->
      before[*]f{0.01,0.99}
  shape_param; time : <jax.scipy.special.gammaincc($0, $1)|lax.igammac($0, $1)> ->
      after[*]f{0.01,0.99}
  time; shape_param : jax.scipy.stats.gamma.<pdf|logpdf>($0, $1) -> density[*]f{-5,1.5}
  time; shape_param : jax.scipy.stats.gamma.<sf|logsf>($0, $1) -> survival[*]f{-5,1}
beta functions : math
  = beta_functions beta_normalizers
  # Beta functions of the parameters of a prior over shares.
  a,alpha[*]f{0.6,4}; b,beta[*]f{0.6,4}
  a; b : jax.scipy.special.betaln($0, $1) -> log_normalizer[*]f{-5,1}
  a; b : jax.scipy.special.beta($0, $1) -> normalizer[*]f{0.01,2.6}
  a; b : <jax.scipy.special.betainc($0, $1, 0.5)|lax.betainc($0, $1, jnp.full_like($0, 0.5))> ->
      below_half[*]f{0.02,0.98}
  a; b : jax.scipy.special.poch($0, $1) -> rising_factorial[*]f{0.5,90}
  a; b : $0 / ($0 + $1) -> mean_share[*]f{0.1,0.9}
error functions : math
  = diffusion_profile error_functions
  # Profiles of what diffuses from an edge, by error functions.
  depth,z[*]f{-1.5,1.5}
  depth : <jax.scipy.special.erf($0)|lax.erf($0)> -> symmetric[*]f{-1,1}
  depth : <jax.scipy.special.erfc($0)|lax.erfc($0)> -> remaining[*]f{0.02,2}
  depth : jax.scipy.special.erfcx($0) -> scaled_remaining[*]f{0.3,20}
  depth : jax.scipy.special.dawsn($0) -> dawson[*]f{-0.55,0.55}
  depth : jax.scipy.special.<ndtr|log_ndtr>($0) -> normal_tail[*]f{-3,1}
integrals without a closed form : math
  = special_integrals tabulate_integrals
  # Integrals that have no closed form, at the same points.
  x,points[*]f{0.3,3}
  x : jax.scipy.special.exp1($0) -> exponential_integral[*]f{0.01,1}
  x : jax.scipy.special.expi($0) -> principal_value[*]f{-0.4,10}
  x : jax.scipy.special.expn(2, $0) -> second_order[*]f{0.01,0.5}
  x : jax.scipy.special.sici($0)[0] -> sine_integral[*]f{0.3,1.9}
  x : jax.scipy.special.fresnel($0)[0] -> fresnel_sine[*]f{0.01,0.75}
  x : jax.scipy.special.spence($0) -> dilogarithm[*]f{-1.5,1}
  x : jax.scipy.special.dawsn($0) -> dawson[*]f{0.15,0.55}
entropies of shares : math
  = entropy_terms divergence_terms
  # Terms of entropies and divergences of two distributions.
  p,observed[*]f{0.1,0.9}; q,expected[*]f{0.1,0.9}
  p; q : jax.scipy.special.rel_entr($0, $1) -> relative_entropy[*]f{-0.4,2}
  p; q : jax.scipy.special.kl_div($0, $1) -> divergence[*]f{0,1.3}
  p; q : -jax.scipy.special.xlogy($0, $1) -> cross_entropy[*]f{0.01,2}
  p; q : jax.scipy.special.xlog1py($0, -$1) -> log_complement[*]f{-2,0}
  p; q : jax.scipy.special.entr(0.5 * ($0 + $1)) -> mixed_entropy[*]f{0.05,0.37}
power transforms : math
  = power_transforms normalize_skewed
  # Transforms that make skewed amounts more normal.
  amounts,incomes[*]f{0.3,6}
  amounts : jax.scipy.special.boxcox($0, <0.5|0.3>) -> box_cox[*]f{-1.2,3}
  amounts : jax.scipy.special.boxcox1p($0, <0.5|0.3>) -> shifted_box_cox[*]f{0.2,3.3}
  amounts : <jnp.log2|jnp.log10>($0) -> log_amounts[*]f{-1.8,2.6}
  amounts : <jnp.cbrt|lax.cbrt>($0) -> cube_roots[*]f{0.6,1.9}
  amounts : <jnp.arcsinh|jnp.asinh|lax.asinh>($0) -> inverse_hyperbolic[*]f{0.2,2.5}
  amounts : jnp.float_power($0, <0.25|0.3>).astype($0.dtype) -> fourth_roots[*]f{0.7,1.8}
counts of choices : math
  = count_choices combinatorics
  # How many ways there are to choose.
  items,n_items[*]f{4,9}; taken,k[*]f{1,3}
  items; taken : jax.scipy.special.comb($0, $1) -> choices[*]f{4,84}
  items; taken : jax.scipy.special.poch($0, $1) -> with_repeats[*]f{4,990}
  items; taken : jax.scipy.special.factorial($0) / jax.scipy.special.factorial($0 - $1) ->
      arrangements[*]f{4,504}
  items; taken : jnp.exp(-jax.scipy.special.betaln($0 - $1 + 1.0, $1 + 1.0)) / ($0 + 1.0) ->
      by_beta[*]f{4,84}
candidate activations : math
  = activation_candidates candidate_gates
  # What candidate activations make of the same inputs, for a search over architectures.
  inputs,hidden[*]f{-3,3}
  inputs : jax.nn.mish($0) -> mish[*]f{-0.4,3}
  inputs : jax.nn.relu6($0 + 3.0) / 6.0 -> hard_gate[*]f{0,1}
  inputs : jax.nn.celu($0) -> celu[*]f{-1,3}
  inputs : jax.nn.hard_swish($0) -> hard_swish[*]f{-0.4,3}
  inputs : jax.nn.squareplus($0) -> squareplus[*]f{0.3,3.3}
  inputs : jax.nn.sparse_plus($0) -> sparse_plus[*]f{0,3}
  inputs : jax.nn.sparse_sigmoid($0) -> sparse_sigmoid[*]f{0,1}
  inputs : <jax.nn.tanh($0)|lax.tanh($0)> -> squashed[*]f{-1,1}
  inputs : jax.nn.log1mexp(jax.nn.softplus($0)) -> log_complement[*]f{-3.1,0}
  & jnp.mean(jnp.stack([$*]), axis=0) -> mixed[*]f{-1,3}
  & jnp.stack([$*]) -> candidates[# *]f{-3,3}
  & jnp.std(jnp.stack([$*]).reshape(#, -1), axis=1) -> spread_of_each[#]f{0.1,1.5}
figures of a Gram matrix : linear_algebra
  = gram_report conditioning_report
  # Figures that say how well a Gram matrix can be inverted.
  features,design[m n]f{-2,2} : m=6..12, n=2..4
  ! features : $0.T @ $0 / {m} -> gram[n n]f{-2,3}
  gram : <jnp.linalg.det($0)|jax.scipy.linalg.det($0)> -> determinant[]f{0.05,9}
  gram : jnp.linalg.cond($0) -> condition[]f{1,30}
  gram : <jnp.linalg.eigvalsh($0)|jnp.linalg.eigh($0)[0]|jax.scipy.linalg.eigh($0)[0]> ->
      spectrum[n]f{0.1,5}
  gram : <jnp.linalg.trace($0)|jnp.trace($0)> -> trace[]f{0.5,9}
  gram : jnp.linalg.matrix_norm($0) -> size[]f{0.5,9}
  gram : jnp.linalg.slogdet($0)[1] -> log_determinant[]f{-3,3}
factors of a covariance : linear_algebra
  = covariance_factors whitening_matrices
  # Factors of a covariance, to draw with it and to whiten by it.
  samples,data[m n]f{-2,2} : m=6..12, n=2..4
  ! samples : jnp.cov($0, rowvar=False) -> covariance[n n]f{-2,3}
  covariance : <jnp.linalg.cholesky($0)|lax.linalg.cholesky($0)|jax.scipy.linalg.cholesky($0,
      lower=True)> -> cholesky_factor[n n]f{-2,2}
  covariance : <jnp.linalg.inv($0)|jax.scipy.linalg.inv($0)> -> precision[n n]f{-5,9}
  covariance : jax.scipy.linalg.sqrtm($0).real -> square_root[n n]f{-1.5,2}
  covariance : <jnp.linalg.eigh($0)[1]|jax.scipy.linalg.eigh($0)[1]> ** 2 -> loadings[n n]f{0,1}
least squares and its figures : linear_algebra
  = regression_report fit_report
  # A linear fit and figures of its design.
  design,features[m n]f{-2,2}; targets,y[m]f{-2,2} : m=6..12, n=2..3
  design; targets : jnp.linalg.lstsq($0, $1)[0] -> weights[n]f{-2,2}
  design; targets : jnp.linalg.pinv($0) @ $1 -> least_norm_weights[n]f{-2,2}
  design; targets : $0.T @ $1 -> correlations[n]f{-9,9}
  design : jnp.linalg.<svdvals($0)|svd($0, compute_uv=False)> -> singular_values[n]f{1,9}
  design : <jnp.linalg.qr($0)[1]|jnp.linalg.qr($0, mode='r')|jax.scipy.linalg.qr($0,
      mode='economic')[1]> -> triangular[n n]f{-9,9}
  design; targets : jnp.linalg.vector_norm($1 - $0 @ jnp.linalg.lstsq($0, $1)[0]) ->
      residual[]f{0.5,6}
functions of a matrix : linear_algebra
  = matrix_functions propagator
  # Functions of a generator of a linear system.
  generator,coupling[n n]f{-0.4,0.4} : n=2..4
  generator : jax.scipy.linalg.expm($0) -> propagator[n n]f{-1,2}
  generator : jnp.linalg.matrix_power($0, <2|3>) -> repeated[n n]f{-0.6,0.6}
  generator : jnp.sort(jnp.abs(jnp.linalg.<eigvals($0)|eig($0)[0]>)) -> moduli[n]f{0.01,1}
  generator : <jnp.linalg.det|jax.scipy.linalg.det>(jax.scipy.linalg.expm($0)) ->
      volume_growth[]f{0.3,3}
  generator : jax.scipy.linalg.<polar(jnp.eye({n}, dtype=$0.dtype) + $0)[0]|expm($0 - $0.T)> ->
      rotation[n n]f{-1,1}
  generator : jax.scipy.linalg.lu($0 + jnp.eye({n}, dtype=$0.dtype))[2] -> upper[n n]f{-1.5,1.5}
torques and work : linear_algebra
  = moments_and_work forces_on_arms
  # Torques and work of forces on arms.
  arms,r[n 3]f{-2,2}; forces,f[n 3]f{-2,2}
  arms; forces : <jnp.linalg.cross|jnp.cross>($0, $1) -> torques[n 3]f{-6,6}
  arms; forces : <jnp.linalg.vecdot|jnp.vecdot>($0, $1) -> work[n]f{-9,9}
  arms : <jnp.linalg.vector_norm($0, axis=-1)|jnp.linalg.norm($0, axis=1)> -> reach[n]f{0.5,3.4}
  arms; forces : jnp.<linalg.tensordot|tensordot>($0, $1) -> total_work[]f{-20,20}
  arms; forces : <jnp.linalg.matmul|lax.dot>($0.T, $1) -> virial[3 3]f{-12,12}
  arms; forces : jnp.<linalg.outer|outer>($0[0], $1[0]) -> first_moment[3 3]f{-4,4}
a kernel as structured matrices : linear_algebra
  = structured_products structured_matrices
  # A signal under matrices that a kernel fills.
  kernel,taps[n]f{-1,1}; signal,x[n]f{-2,2} : n=3..8
  kernel; signal : jax.scipy.linalg.circulant($0) @ $1 -> periodic[n]f{-6,6}
  kernel; signal : jax.scipy.linalg.toeplitz($0) @ $1 -> symmetric[n]f{-6,6}
  kernel; signal : jax.scipy.linalg.hankel($0) @ $1 -> reversed_sums[n]f{-6,6}
  kernel; signal : jax.scipy.linalg.convolution_matrix($0, {n}, mode='same') @ $1 ->
      filtered[n]f{-6,6}
  kernel; signal : jax.scipy.linalg.fiedler($0) @ $1 -> by_distance[n]f{-9,9}
spectra of an image : math
  = image_spectra frequency_maps
  # What an image holds by frequencies.
  image,field[n m]D{-2,2} : n=4..12, m=4..12
  image : jnp.abs(<jnp.fft.rfft2|jnp.fft.rfftn>($0)) ** 2 -> power[n m/2+1]D{0,90}
  image : <jax.scipy.fft.dctn($0, norm='ortho')|jax.scipy.fft.dct($0, norm='ortho')> -> cosines[n
      m]D{-6,6}
  image : jnp.fft.fftshift(jnp.abs(<jnp.fft.fft2|jnp.fft.fftn>($0))) -> centered[n m]D{0,40}
  image : <jnp.fft.irfft2|jnp.fft.irfftn>(jnp.abs(jnp.fft.rfft2($0)) ** 2, s=({n}, {m})) ->
      autocorrelation[n m]D{-40,90}
  image : <jnp.fft.ifft2|jnp.fft.ifftn>(0.5 * jnp.fft.fft2($0)).real -> halved[n m]D{-1,1}
spectrum of a signal : math
  = signal_spectrum spectral_profile
  # What a signal holds by frequencies.
  signal,recording[n]D{-2,2} : n=16..32
  signal : jnp.abs(jnp.fft.rfft($0)) ** 2 -> power[n/2+1]D{0,90}
  signal : jax.scipy.fft.dct($0<|, norm='ortho'>) -> cosines[n]D{-20,20}
  signal : jax.scipy.signal.welch($0, nperseg=8)[1] -> averaged_power[5]D{0,4}
  signal : jnp.abs(jnp.fft.ihfft($0)) -> amplitude[n/2+1]D{0,1}
  signal :
      <jnp.fft.rfftfreq({n})[jnp.argmax(jnp.abs(jnp.fft.rfft($0)))]|jnp.abs(jnp.fft.fftfreq({n}))[jnp.argmax(jnp.abs(jnp.fft.fft($0)))]>
      -> peak_frequency?[]d{0,0.5}
  signal : jax.scipy.signal.detrend($0) -> detrended[n]D{-2,2}
  signal : jnp.abs(jax.scipy.signal.<csd($0, $0, nperseg=8)[1]|stft($0, nperseg=8)[2][:, 0]>) ->
      local_power[5]D{0,4}
a signal and a template : linear_algebra
  = match_template filter_and_match
  # A signal filtered by a kernel and matched with it.
  signal,series[n]f{-2,2}; template,kernel[k]f{-1,1} : n=8..24, k=3..5
  signal; template : jax.scipy.signal.<convolve|fftconvolve>($0, $1, mode='same') ->
      filtered[n]f{-6,6}
  signal; template : <jax.scipy.signal.correlate|jnp.correlate>($0, $1, mode='same') ->
      matched[n]f{-6,6}
  signal; template : jnp.convolve($0, $1, mode='valid') -> inner[n-k+1]f{-6,6}
  template : jnp.linalg.vector_norm($0) -> template_norm[]f{0.4,2}
an image and a kernel : linear_algebra
  = filter_image match_patch
  # An image filtered by a kernel and matched with it.
  image,field[n m]f{-2,2}; kernel,patch[3 3]f{-1,1} : n=5..12, m=5..12
  image; kernel : jax.scipy.signal.convolve2d($0, $1, mode='same') -> filtered[n m]f{-6,6}
  image; kernel : jax.scipy.signal.correlate2d($0, $1, mode='same') -> matched[n m]f{-6,6}
  image; kernel : jax.scipy.signal.<convolve|fftconvolve>($0, $1, mode='valid') -> inner[n-2
      m-2]f{-6,6}
fixed transforms of a signal : linear_algebra
  = fixed_transforms orthogonal_features
  # A signal in bases that are fixed matrices.
  signal,x[8]D{-2,2}
  signal : jax.scipy.linalg.hadamard(8, dtype=jnp.float32) @ $0 -> walsh[8]D{-12,12}
  signal : jax.scipy.linalg.helmert(8, full=True) @ $0 -> contrasts[8]d{-4,4}
  signal : jnp.abs(jax.scipy.linalg.dft(8) @ $0) -> spectrum[8]d{0,12}
  signal : jax.scipy.linalg.hilbert(8) @ $0 -> moments[8]d{-3,3}
  signal : jax.scipy.fft.<dct($0, norm='ortho')|idct($0, norm='ortho')> -> cosines[8]D{-5,5}
decompositions of a matrix : linear_algebra
  = decompose matrix_decompositions
  # Factors of a matrix that simulations reuse.
  matrix,coupling[n n]f{-0.4,0.4} : n=2..4
  ! matrix : jnp.eye({n}, dtype=$0.dtype) + $0 -> system[n n]f{-0.4,1.4}
  system : jax.scipy.linalg.lu($0)[2] -> upper[n n]f{-1,1.5}
  system : jax.scipy.linalg.polar($0)[0] -> rotation[n n]f{-1,1}
  system : jnp.sort(jnp.abs(jnp.diagonal(jax.scipy.linalg.schur($0)[0]))) ->
      schur_diagonal[n]f{0.4,1.8}
  system : jax.scipy.linalg.hessenberg($0) -> hessenberg[n n]f{-1,1.5}
  system : <jnp.linalg.svdvals($0)|jax.scipy.linalg.svd($0, compute_uv=False)> -> gains[n]f{0.3,1.9}
  system : jnp.abs(<jax.scipy.linalg.qr($0, mode='r')[0]|jnp.linalg.qr($0, mode='r')>) ->
      triangular[n n]f{0,1.8}
  system : <jnp.linalg.inv($0)|jax.scipy.linalg.inv($0)> -> inverse[n n]f{-1.5,3}
values at the ends of their range : math
  = reparametrize squash_and_stretch
  # Probabilities on scales without ends.
  probs,shares[*]f{0.05,0.95}
  probs : jax.scipy.special.logit($0) -> log_odds[*]f{-3,3}
  probs : jax.scipy.special.ndtri($0) -> probit[*]f{-1.7,1.7}
  probs : <jax.scipy.special.erfinv(2.0 * $0 - 1.0)|lax.erf_inv(2.0 * $0 - 1.0)> ->
      erf_scale[*]f{-1.2,1.2}
  probs : jnp.log(-jnp.log1p(-$0)) -> complementary_log_log[*]f{-3,1.1}
  probs : jnp.<asin|arcsin>(jnp.sqrt($0)) -> arcsine[*]f{0.2,1.4}
  probs : <jnp.tan|lax.tan>(jnp.pi * ($0 - 0.5)) -> cauchit[*]f{-6.4,6.4}
oscillating functions : math
  = oscillations special_oscillations
  # Functions that oscillate, at the same points.
  x,points[n]f{0.3,4} : n=4..16
  x : jnp.sinc($0) -> cardinal_sine[n]f{-0.22,0.9}
  x : jax.scipy.special.sici($0)[1] -> cosine_integral[n]f{-0.7,0.5}
  x : jax.scipy.special.fresnel($0)[1] -> fresnel_cosine[n]f{0.3,0.8}
  x : jax.scipy.special.wofz($0 + 0.5j).real -> plasma_profile[n]f{0.05,0.6}
  x : jax.scipy.special.hyp1f1(1.0, 2.0, -$0) -> kummer[n]f{0.2,0.9}
)rows";
}

}  // namespace jaxsmith::plan
