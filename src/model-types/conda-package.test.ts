import { expect, test } from 'vitest'
import { readCondaPackage } from './conda-package.ts'
import { pythonOfImage } from './python-image.ts'

test.each([
  ['numpy', 'numpy'],
  ['numpy=1.22', 'numpy==1.22.*'],
  ['numpy = 1.22', 'numpy==1.22.*'],
  ['numpy=1.22.*', 'numpy==1.22.*'],
  ['numpy==1.22', 'numpy==1.22'],
  ['numpy=1.22.4=py310_0', 'numpy==1.22.4'],
  ['numpy 1.22.4 py310h1234_0', 'numpy==1.22.4'],
  ['numpy>=1.22, <2.0.*', 'numpy>=1.22,<2.0'],
  ['numpy~=1.22.0', 'numpy~=1.22.0'],
  ['numpy!=1.23.*', 'numpy!=1.23.*'],
  ["numpy[version='>=1.22,<2']", 'numpy>=1.22,<2'],
  ['conda-forge::scikit-learn=1.5.0', 'scikit-learn==1.5.0'],
  ['conda-forge/linux-64::pytorch=2.0.1=py3.10_cuda11.7_cudnn8.5.0_0', 'torch==2.0.1'],
  ['opencv', 'opencv-python-headless'],
  ['matplotlib-base>=3.5', 'matplotlib>=3.5'],
  ['python-graphviz', 'graphviz'],
  ['PyTables=3.8', 'tables==3.8.*'],
  ['setuptools<60', 'setuptools<60'],
])('%s is %s on PyPI', (text, line) => {
  expect(readCondaPackage(text)).toEqual({ kind: 'requirement', line })
})

test.each([
  ['python', undefined],
  ['python=3.8', '==3.8.*'],
  ['python>=3.8,<3.11', '>=3.8,<3.11'],
  ['python=3.8.13=h123_0_cpython', '==3.8.13'],
  ['conda-forge::python 3.9.*', '==3.9.*'],
])('%s picks the interpreter %s', (text, range) => {
  expect(readCondaPackage(text)).toEqual({ kind: 'python', range })
})

test.each(['pip=21', 'cudatoolkit=11.3', 'pytorch-cuda=11.7', 'libgomp', 'blas=*=openblas', 'openssl'])(
  '%s is needless, because wheels bring it along',
  text => expect(readCondaPackage(text)).toEqual({ kind: 'needless' }),
)

test.each(['gcc_linux-64=9', 'r-base=4.1', 'ffmpeg', 'openmpi'])('%s is refused by name', text => {
  const name = text.split('=')[0]
  const message = `the conda package '${name}' can't be installed here, where packages come from PyPI`
  expect(readCondaPackage(text)).toMatchObject({ kind: 'refused', message })
})

test.each(['', '=1.2', 'numpy=1.2|1.3', 'numpy>', 'numpy one', '-e ./x'])("%j isn't understood", text => {
  expect(readCondaPackage(text)).toMatchObject({ kind: 'refused', hint: expect.stringContaining('name=1.2') })
})

test.each([
  ['python:3.9', '3.9', true],
  ['docker.io/python:3.10-slim', '3.10', true],
  ['docker.io/library/python:3.12.1-bookworm', '3.12', true],
  ['docker.io/python', undefined, true],
  ['python:latest', undefined, true],
  ['mcr.microsoft.com/azureml/minimal-ubuntu20.04-py38-cpu-inference:latest', '3.8', true],
  ['mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu20.04', undefined, true],
  ['rocker/tidyverse:4.0.0-ubuntu18.04', undefined, false],
])('the image %s has Python %s', (image, minor, isPython) => {
  expect(pythonOfImage(image)).toEqual({ minor, isPython, isOfficial: /^(docker.io\/.*)?python/.test(image) })
})
