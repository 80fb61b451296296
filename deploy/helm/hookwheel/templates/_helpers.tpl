{{/* The release's name for everything, cut to what Kubernetes takes. */}}
{{- define "hookwheel.name" -}}
{{- if contains "hookwheel" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-hookwheel" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{- define "hookwheel.labels" -}}
app.kubernetes.io/name: hookwheel
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "hookwheel.selector" -}}
app.kubernetes.io/name: hookwheel
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "hookwheel.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* Restricted: no root, no privilege, nothing writable but /tmp. */}}
{{- define "hookwheel.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "hookwheel.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: ["ALL"]
{{- end }}

{{/* What every process that touches the log needs to know. */}}
{{- define "hookwheel.logEnv" -}}
- name: HOOKWHEEL_NATS_URL
  value: {{ .Values.nats.url | quote }}
- name: HOOKWHEEL_NATS_PROFILE
  value: {{ .Values.nats.durability | quote }}
- name: HOOKWHEEL_NATS_REPLICAS
  value: {{ .Values.nats.replicas | quote }}
{{- with .Values.nats.monitorUrl }}
- name: HOOKWHEEL_NATS_MONITOR_URL
  value: {{ . | quote }}
{{- end }}
{{- if .Values.nats.credentials.existingSecret }}
- name: HOOKWHEEL_NATS_CREDS_FILE
  value: /etc/hookwheel/nats/{{ .Values.nats.credentials.key }}
{{- end }}
- name: HOOKWHEEL_LOG
  value: {{ .Values.telemetry.logFilter | quote }}
{{- with .Values.telemetry.otlpEndpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ . | quote }}
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ $.Values.telemetry.sampleRatio | quote }}
{{- end }}
{{- end }}

{{- define "hookwheel.databaseEnv" -}}
- name: HOOKWHEEL_DATABASE_URL_FILE
  value: /etc/hookwheel/postgres/{{ .Values.postgres.key }}
{{- end }}

{{/* name, secret: one read-only volume of a Secret, when there is one. */}}
{{- define "hookwheel.secretVolume" -}}
- name: {{ .name }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
{{- end }}

{{- define "hookwheel.secretMount" -}}
- name: {{ .name }}
  mountPath: /etc/hookwheel/{{ .name }}
  readOnly: true
{{- end }}
