"""Manifests as people have them in their clusters, letter by letter."""

DENY_INGRESS = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: default-deny-ingress
  namespace: x
spec:
  podSelector: {}
  policyTypes:
  - Ingress
"""

# What `kubectl get netpol -A -o yaml` prints.
EXPORTED = """
apiVersion: v1
items:
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata:
    annotations:
      kubectl.kubernetes.io/last-applied-configuration: |
        {"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"web-from-y"}}
    creationTimestamp: "2024-05-04T11:22:33Z"
    generation: 1
    name: web-from-y
    namespace: x
    resourceVersion: "815"
    uid: 0b54f5c9-9f2b-4b1c-8f0d-2f8d0c3a9d11
  spec:
    ingress:
    - from:
      - namespaceSelector:
          matchLabels:
            kubernetes.io/metadata.name: y
        podSelector:
          matchExpressions:
          - {key: pod, operator: In, values: [b, c]}
      - ipBlock:
          cidr: 10.80.0.16/30
          except: [10.80.0.18/32]
      ports:
      - port: 80
        protocol: TCP
      - port: serve-80-udp
        protocol: UDP
    podSelector:
      matchLabels:
        pod: a
    policyTypes:
    - Ingress
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata:
    name: only-to-x
    namespace: z
  spec:
    egress:
    - ports:
      - {endPort: 90, port: 81, protocol: TCP}
      to:
      - namespaceSelector:
          matchLabels:
            team: blue
    podSelector:
      matchLabels:
        pod: c
    policyTypes:
    - Egress
kind: List
metadata:
  resourceVersion: ""
"""

ADMIN = """
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata:
  name: order-of-the-house
spec:
  priority: 10
  subject:
    namespaces:
      matchLabels:
        kubernetes.io/metadata.name: x
  ingress:
  - name: z-a-may-always
    action: Allow
    from:
    - pods:
        namespaceSelector: {matchLabels: {ns: z}}
        podSelector: {matchLabels: {pod: a}}
    ports:
    - portNumber: {protocol: TCP, port: 80}
  - name: nobody-else-of-z
    action: Deny
    from:
    - namespaces: {matchLabels: {ns: z}}
  - name: the-rest-is-the-project's
    action: Pass
    from:
    - namespaces: {}
---
apiVersion: policy.networking.k8s.io/v1alpha1
kind: BaselineAdminNetworkPolicy
metadata:
  name: default
spec:
  subject:
    namespaces: {matchLabels: {ns: y}}
  ingress:
  - action: Allow
    from:
    - namespaces: {matchLabels: {ns: y}}
  - action: Deny
    from:
    - namespaces: {}
"""

BACKWARDS = """
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: backwards, namespace: x}
spec:
  podSelector: {}
  ingress:
  - ports:
    - {port: 90, endPort: 80}
"""
