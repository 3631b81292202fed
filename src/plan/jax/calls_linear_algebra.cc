// Calls of jax.numpy.linalg and jax.numpy.fft.
// call_table.h says how a row reads.
#include "plan/jax/call_table.h"

namespace jaxsmith::plan {

std::string_view linear_algebra_calls() {
  return R"rows(
jnp.linalg.cond : linear_algebra none
  matrix,design[n m]f{-2,2} : n=3..8, m=2 : @($0) -> conditioning[]f{1,9}
  matrix[n n]f{-0.4,0.4} : n=2..5 : @(jnp.eye({n}, dtype=$0.dtype) + 0.5 * $0, p=<1|jnp.inf>) ->
      conditioning[]f{1,9}
jnp.linalg.cross : linear_algebra smooth
  u,arm[3]{-2,2}; v,force[3]{-2,2} : @($0, $1) -> torque,normal[3]{-6,6}
  arms[n 3]{-2,2}; forces[n 3]{-2,2} : @($0, $1<|, axis=-1>) -> torques[n 3]{-6,6}
  arms[3 n]{-2,2}; forces[3 n]{-2,2} : @($0, $1, axis=0) -> torques[3 n]{-6,6}
jnp.linalg.diagonal : linear_algebra smooth
  matrix,gram[n n]{-2,2} : @($0) -> diagonal[n]{-2,2}
  matrices[b n n]{-2,2} : b=2..5, n=2..8 : @($0) -> diagonals[b n]{-2,2}
  matrix[n n]{-2,2} : n=3..12 : @($0, offset=<1|-1>) -> diagonal[n-1]{-2,2}
jnp.linalg.eigvals : linear_algebra none 1.5
  matrix,transition[n n]f{-1,1} : n=2..5 : jnp.sort(jnp.abs(@($0))) -> moduli[n]f{0,2}
  matrix,transition[n n]f{0,1} : n=2..5 : jnp.max(jnp.abs(@($0))) -> spectral_radius[]f{0.5,3}
jnp.linalg.eig : linear_algebra none 2
  matrix,transition[n n]f{-1,1} : n=2..5 : jnp.sort(jnp.abs(@($0)<.eigenvalues|[0]>)) ->
      moduli[n]f{0,2}
jnp.linalg.lstsq : linear_algebra none
  design,features[n k]f{-2,2}; targets,b[n]f{-2,2} : n=6..12, k=2..3 : @($0, $1)[0] ->
      weights[k]f{-3,3}
  design[n k]f{-2,2}; targets[n m]f{-2,2} : n=6..12, k=2..3 : @($0, $1, rcond=<None|1e-4>)[0] ->
      weights[k m]f{-3,3}
jnp.linalg.matmul : linear_algebra smooth
  x[n k]{-2,2}; weights,y[k m]{-1,1} : @($0, $1) -> product[n m]{-6,6}
  x[b n k]{-2,2}; weights[k m]{-1,1} : b=2..4, n=2..6, k=2..6, m=2..6 : @($0, $1<|,
      precision='highest'>) -> product[b n m]{-6,6}
jnp.linalg.matrix_norm : linear_algebra smooth
  matrix,x[n m]f{-2,2} : n=2..8, m=2..8 : @($0<|, ord='fro'|, ord=1|, ord=jnp.inf|, ord='nuc'|,
      ord=2>) -> norm[]f{0.5,16}
  x[n m]f{-2,2} : @($0, keepdims=True) -> norm[1 1]f{0.5,16}
jnp.linalg.trace : linear_algebra smooth 0.4
  factors,features[n k]f{-2,2} : n=2..6, k=2..6 : @(<$0 @ $0.T|$0.T @ $0>) -> energy,total[]f{1,60}
  left,x[n k]f{-2,2}; right,y[n k]f{-2,2} : n=2..6, k=2..6 : @($0.T @ $1) -> overlap[]f{-20,20}
jnp.linalg.matrix_rank : linear_algebra none
  factors,loadings[n m]f{-2,2} : n=4..9, m=2..3 : jnp.sum($0**2) / @($0) ->
      energy_per_dimension[]f{1,30}
  matrix,incidence[n n]f{-1,1} : n=2..4 : @(jnp.round($0)) -> rank?[]i{1,4}
  matrix[n m]f{-1,1} : n=2..4, m=2..3 : @($0, rtol=<0.5|0.3>) -> rank?[]i{1,3}
jnp.linalg.matrix_transpose : linear_algebra smooth
  x[b n m]{-3,3} : b=2..5, n=2..8, m=2..8 : @($0) -> transposed[b m n]{-3,3}
  x[n m]{-2,2}; y[n k]{-2,2} : @($0) @ $1 -> gram[m k]{-9,9}
jnp.matrix_transpose : linear_algebra smooth 0.4
  x[b n m]{-3,3} : b=2..5, n=2..8, m=2..8 : @($0) -> transposed[b m n]{-3,3}
jnp.linalg.tensordot : linear_algebra smooth
  x[n k]{-1,1}; y[k m]{-2,2} : @($0, $1, axes=1) -> product[n m]{-6,6}
  x[n k]{-1,1}; y[m k]{-2,2} : @($0, $1, axes=([1], [1])) -> scores[n m]{-6,6}
  x[n k]{-1,1}; y[n k]{-2,2} : @($0, $1) -> overlap[]{-9,9}
jnp.linalg.tensorinv : linear_algebra none 1.5
  coupling[2 2 4]f{-0.4,0.4} : @(jnp.eye(4, dtype=$0.dtype).reshape(2, 2, 4) + <0.5|0.3> * $0<|,
      ind=2>) -> inverse[4 2 2]f{-2,2}
  coupling[4 2 2]f{-0.4,0.4} : @(jnp.eye(4, dtype=$0.dtype).reshape(4, 2, 2) + <0.5|0.3> * $0,
      ind=1) -> inverse[2 2 4]f{-2,2}
jnp.linalg.tensorsolve : linear_algebra none 1.5
  coupling[2 n 2*n]f{-0.3,0.3}; sources[2 n]f{-2,2} : n=2..3 : @(jnp.eye({2*n},
      dtype=$0.dtype).reshape(2, {n}, {2*n}) + 0.5 * $0, $1) -> solution[2*n]f{-5,5}
jnp.linalg.vecdot : linear_algebra smooth
  x,u[*]{-2,2}; y,v[*]{-2,2} : @($0, $1, axis={a}) -> overlaps[*-]{-9,9}
  x,u[m n]{-2,2}; y,v[n]{-2,2} : @($0, $1) -> overlaps[m]{-9,9}
jnp.linalg.vector_norm : linear_algebra smooth
  x,v[*]{-3,3} : @($0, axis=<{a}|{a-r}><|, ord=1|, ord=2>) -> norms[*-]{0.5,24}
  x,v[*]{-3,3} : $0 / @($0, axis={a}, keepdims=True) -> directions[*]{-1,1}
  x,v[*]{-3,3} : @($0<|, ord=1|, ord=jnp.inf>) -> norm[]{0.5,60}
jnp.linalg.svdvals : linear_algebra none 0.5
  matrix,x[n m]f{-2,2} : n=2..8, m=2..8 : @($0)[0] -> gain[]f{1,9}
jnp.linalg.solve : linear_algebra smooth 0.5
  matrix[n n]f{-0.3,0.3}; b,targets[n]f{-2,2} : n=2..6 : @(jnp.eye({n}, dtype=$0.dtype) + 0.5 *
      $0, $1) -> solution[n]f{-5,5}
)rows";
}

std::string_view fourier_calls() {
  return R"rows(
jnp.fft.fft : math smooth
  signal,field[*]f{-2,2} : jnp.abs(@($0<|, axis={a}|, norm='ortho', axis={a}>)) ->
      amplitude[*]f{0,8}
  signal,field[*]c{0,2} : @($0<|, norm='ortho'>) -> spectrum[*]c{0,12}
jnp.fft.ifft : math smooth
  spectrum,modes[*]c{0,2} : @($0<|, axis={a}>) -> signal,waves[*]c{0,2}
  spectrum,modes[*]c{0,2} : jnp.real(@($0<|, axis={a}>)) -> in_phase[*]f{-2,2}
jnp.fft.fft2 jnp.fft.fftn : math smooth 1.3
  image,field[*]f{-2,2} : rank=2..3 : jnp.abs(@($0<||, norm='ortho'>)) -> amplitude[*]f{0,16}
  image,field[*]f{-2,2} : rank=2..3 : jnp.real(@($0)) -> in_phase[*]f{-16,16}
  image,field[*]c{0,2} : rank=2..3 : @($0<|, norm='ortho'|, norm='forward'>) ->
      spectrum[*]c{0,12}
  image,field[*]f{-2,2} : rank=3 : jnp.abs(@($0, axes=(<0, 1|1, 2>))) -> amplitude[*]f{0,16}
jnp.fft.ifft2 jnp.fft.ifftn : math smooth 1.5
  spectrum,field[*]c{0,2} : rank=2..3 : jnp.real(@($0)) -> image[*]f{-1,1}
  spectrum,field[*]c{0,2} : rank=2..3 : @($0<|, norm='ortho'>) -> waves[*]c{0,2}
  image,field[n m]f{-2,2} : jnp.real(@(jnp.fft.fftn($0)<| * 0.5| * 2.0>)) -> restored[n m]f{-4,4}
jnp.fft.rfft : math smooth 0.5
  signal[*]f{-2,2} : jnp.abs(@($0, axis={a}<|, norm='ortho'|, norm='forward'>)) ->
      amplitude[*=d/2+1]f{0,16}
jnp.fft.rfft2 : math smooth
  image[n m]f{-2,2} : @($0<|, norm='ortho'|, norm='forward'>) -> spectrum[n m/2+1]c{0,16}
  image[n m]f{-2,2} : jnp.abs(@($0<|, norm='ortho'|, norm='forward'>)) -> amplitude[n
      m/2+1]f{0,16}
jnp.fft.rfftn : math smooth
  volume[n m]f{-2,2} : @($0<|, norm='ortho'|, norm='forward'>) -> spectrum[n m/2+1]c{0,16}
  volume[n m k]f{-2,2} : n=2..6, m=2..6, k=2..8 : jnp.abs(@($0<|, axes=(1, 2)>)) -> amplitude[n m
      k/2+1]f{0,16}
jnp.fft.irfft : math smooth 1.5
  spectrum[n]c{0,2} : n=3..9 : @($0<|, norm='ortho'|, norm='forward'>) -> signal[2*n-2]f{-3,3}
  spectrum[n]c{0,2} : n=3..9 : @($0, n={2*n-1}) -> signal[2*n-1]f{-3,3}
  signal[n]f{-2,2} : n=4..16 : @(jnp.fft.rfft($0) * jnp.exp(-0.1 * jnp.arange({n/2+1})), {n}) ->
      smooth_signal[n]f{-2,2}
jnp.fft.irfft2 : math smooth 1.5
  spectrum[n m]c{0,2} : n=2..8, m=3..6 : @($0) -> image[n 2*m-2]f{-3,3}
  image[n m]f{-2,2} : @(<0.5|2.0> * jnp.fft.rfft2($0), s=({n}, {m})) -> scaled_image[n m]f{-4,4}
jnp.fft.irfftn : math smooth 1.5
  spectrum[n m]c{0,2} : n=2..8, m=3..6 : @($0) -> field[n 2*m-2]f{-3,3}
  field[n m]f{-2,2} : @(jnp.abs(jnp.fft.rfftn($0)) ** 2, s=({n}, {m})) -> autocorrelation[n
      m]f{-30,60}
jnp.fft.hfft : math smooth 1.5
  half_signal[n]c{0,2} : n=3..9 : @($0<|, norm='ortho'>) -> spectrum[2*n-2]f{-16,16}
  half_signal[n]f{-2,2} : n=3..9 : @($0) -> spectrum[2*n-2]f{-16,16}
jnp.fft.ihfft : math smooth 1.5
  spectrum[n]f{-2,2} : n=4..16 : @($0<|, norm='ortho'>) -> half_signal[n/2+1]c{0,2}
  spectrum[n]f{-2,2} : n=4..16 : jnp.abs(@($0)) -> envelope[n/2+1]f{0,2}
jnp.fft.fftshift : array smooth
  x,spectrum[*]{-3,3} : @($0<|, axes={a}>) -> centered[*]{-3,3}
  signal[n]f{-2,2} : @(jnp.abs(jnp.fft.fft($0))) -> centered_amplitude[n]f{0,16}
jnp.fft.ifftshift : array smooth
  x,spectrum[*]{-3,3} : @($0<|, axes={a}>) -> uncentered[*]{-3,3}
  kernel,image[n m]{-3,3} : @($0, axes=(0, 1)) -> uncentered[n m]{-3,3}
jnp.fft.fftfreq : math smooth
  signal[n]d{-2,2} : @({n}<|, d=0.1|, 0.5>) * $0 -> weighted[n]d{-10,10}
  signal[n]D{-2,2} : jnp.abs(jnp.fft.fft($0)) * jnp.abs(@($0.shape[0], dtype=jnp.float32)) ->
      sharpness[n]D{0,8}
jnp.fft.rfftfreq : math smooth
  signal[n]D{-2,2} : n=4..16 : jnp.abs(jnp.fft.rfft($0)) * @({n}<|, d=0.1>, dtype=jnp.float32) ->
      weighted[n/2+1]D{0,40}
  signal[n]D{-2,2} : n=4..16 : jnp.vdot(@($0.shape[0], dtype=jnp.float32),
      jnp.abs(jnp.fft.rfft($0)) ** 2) -> centroid[]D{0,60}
)rows";
}

}  // namespace jaxsmith::plan
